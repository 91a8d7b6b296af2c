// What a loss weighs in the total. Loads nothing, so that pages use it, too.

const PREFIX = "gradient/";

/**
 * The share of each loss of the network in the sum of their gradients' norms, by name; empty without
 * `train.gradientNorms`.
 * @param weights of the losses of the network: other losses train something else
 * @param last the newest value of a key of metrics.jsonl
 */
export function gradientShares(
  weights: Readonly<Record<string, number>>,
  last: (key: string) => number | undefined,
): Map<string, number> {
  const norms = Object.keys(weights).flatMap((name) => {
    const norm = last(`${PREFIX}${name}`);
    return norm === undefined ? [] : [[name, norm] as const];
  });
  const sum = norms.reduce((all, [, norm]) => all + norm, 0);
  return new Map(sum > 0 ? norms.map(([name, norm]) => [name, norm / sum]) : []);
}

/** "x 0.05, 12 % of the gradient", of a loss or of the norm of its gradient; "" if nothing is known. */
export function weightText(
  key: string,
  weights: Readonly<Record<string, number>>,
  shares: ReadonlyMap<string, number>,
): string {
  const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key;
  const [weight, share] = [weights[name], shares.get(name)];
  return [
    ...(weight === undefined ? [] : [`x ${Number(weight.toPrecision(3))}`]),
    ...(share === undefined ? [] : [`${Math.round(share * 100)} % of the gradient`]),
  ].join(", ");
}
