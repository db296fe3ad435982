/** A word of a shell, whatever it holds: for our own helper scripts only, never for what users write. */
export function shQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
