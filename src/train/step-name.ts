/** "step-0000500": the prefix of the files of a step, which sorts by step. */
export const stepName = (step: number): string => `step-${String(step).padStart(7, "0")}`;
