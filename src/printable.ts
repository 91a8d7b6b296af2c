/**
 * Text from a file or a name, for a message: control characters, which could move a terminal's cursor or
 * hide what follows, become "?".
 * @param most characters, after which the text is cut
 */
export const printable = (text: string, most = Number.POSITIVE_INFINITY): string => {
  const shown = (text.length > most ? text.slice(0, most) : text).replace(/\p{C}/gu, "?");
  return text.length > most ? `${shown}...` : shown;
};
