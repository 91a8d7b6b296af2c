/** The two halves of the pair. */
export type Domain = "source" | "target";
