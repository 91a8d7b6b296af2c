/** The factor of polynomial decay, 1 at step 0 and 0 at `total`. */
export function poly(step: number, total: number, power = 0.9): number {
  return Math.max(0, 1 - step / total) ** power;
}

/** The factor at the start of a warm-up. */
const COLD = 1e-6;

/** The factor of a linear warm-up: 1e-6 at step 0, 1 from step `steps`. */
export function warmUp(step: number, steps: number): number {
  return step >= steps ? 1 : COLD + (1 - COLD) * (step / steps);
}

/** The schedule of a learning rate. */
export interface Schedule {
  /** The step at which polynomial decay reaches 0. */
  readonly total: number;
  /** Steps of linear warm-up; none when omitted. */
  readonly warmup?: number | undefined;
}

/**
 * The factor of the learning rate at a step: polynomial decay with power 0.9 over the whole training,
 * times a linear warm-up in its first steps, as in DAFormer and MIC (their power is 1).
 */
export const rateFactor = (step: number, { total, warmup = 0 }: Schedule): number =>
  poly(step, total) * warmUp(step, warmup);
