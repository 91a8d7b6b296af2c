/** How maps of features draw the pixels of each domain: dots for the source (0), rings for the target (1). */
export const DOMAIN_MARKS = [
  { domain: "source", mark: "dot" },
  { domain: "target", mark: "ring" },
] as const;

/** Whether pixels of a domain are drawn as rings. */
export const isRing = (domain: number): boolean => DOMAIN_MARKS[domain]?.mark === "ring";

/** "Dots: source, rings: target", for captions. */
export const MARKS_IN_WORDS = DOMAIN_MARKS.map(({ domain, mark }) => `${mark}s: ${domain}`)
  .join(", ")
  .replace(/^./, (first) => first.toUpperCase());
