/** "step-0000500": what file names of a step begin with, so that they sort by step. */
export const stepName = (step: number): string => `step-${String(step).padStart(7, "0")}`;
