/** The factor of polynomial decay, 1 at step 0 and 0 at `total`. */
export function poly(step: number, total: number, power = 0.9): number {
  return Math.max(0, 1 - step / total) ** power;
}
