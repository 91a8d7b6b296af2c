export type { Style } from "./style.js";
export { STYLES, type StyleName, styleOf } from "./styles.js";
export { createStylist, type Stylist } from "./stylist.js";
