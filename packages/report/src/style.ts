/** Paints text, or leaves it as it is. */
export interface Style {
  bad(text: string): string;
  good(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

/** ANSI colours when `colour`, else nothing. */
export function styleOf(colour: boolean): Style {
  const paint =
    (on: number, off: number) =>
    (text: string): string =>
      colour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { bad: paint(31, 39), good: paint(32, 39), dim: paint(2, 22), bold: paint(1, 22) };
}
