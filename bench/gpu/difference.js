/**
 * |a - b| / |b| in the Euclidean norm; the norm of a if b is 0. NaN if a number is.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function relativeError(a, b) {
  if (a.length !== b.length) return Number.NaN;
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const wanted = b[i] ?? Number.NaN;
    difference += ((a[i] ?? Number.NaN) - wanted) ** 2;
    norm += wanted ** 2;
  }
  return Math.sqrt(norm === 0 ? difference : difference / norm);
}

/**
 * The largest difference between the named numbers of two runs' steps, relative to the number, or to 0.1
 * if it is smaller. NaN if a name is missing.
 * @param {readonly Readonly<Record<string, number>>[]} a
 * @param {readonly Readonly<Record<string, number>>[]} b
 */
export function largestDifference(a, b) {
  const differences = b.flatMap((scalars, i) =>
    Object.entries(scalars).map(([name, wanted]) => {
      const found = a[i]?.[name] ?? Number.NaN;
      return Math.abs(found - wanted) / Math.max(Math.abs(wanted), 0.1);
    }),
  );
  return a.length === b.length ? Math.max(...differences) : Number.NaN;
}
