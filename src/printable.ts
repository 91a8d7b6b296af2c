/** Characters that move a terminal's cursor, colour its text or reverse its order. */
const CONTROL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A text that is safe to print in a terminal: names of files and data sets may contain control characters,
 * which are escaped (`\u001b`).
 * @param most longest length in characters; the rest is cut off
 */
export function printable(text: string, most = Number.POSITIVE_INFINITY): string {
  const shown = (text.length > most ? text.slice(0, most) : text).replace(
    CONTROL,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > most ? `${shown}...` : shown;
}
