export { entropyLoss, entropyMap } from "./entropy.js";
