/** A share 0..1 as percent with one decimal, without the sign. */
export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined || !Number.isFinite(share) ? "–" : (share * 100).toFixed(1);

/** A number with three significant digits, or all of those before the point. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  if (size >= 1000) return whole(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** With thin spaces between thousands: 120 000. */
export const whole = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** "3 s", "12 min", "5 h", "2 days". */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export const ago = (iso: string): string => {
  const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
  return seconds < 5 ? "now" : `${duration(seconds)} ago`;
};

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
