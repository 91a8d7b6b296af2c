export { restyle, type Style } from "./style.js";
export { STYLES, type StyleName, styleOf } from "./styles.js";
export { commonStatistics, createStylist, type Stylist } from "./stylist.js";
