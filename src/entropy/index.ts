export { ADVERSARIES, type Domain, discriminator, domainLoss } from "./discriminator.js";
export { entropyLoss, entropyMap, selfInformation } from "./entropy.js";
export { guidance, maxSquareLoss } from "./max-square.js";
