export { entropyLoss, entropyMap } from "./entropy.js";
export { guidance, maxSquareLoss } from "./max-square.js";
