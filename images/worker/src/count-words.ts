/** Words of a text in any script, as Unicode cuts them. */
export function countWords(text: string): number {
  const segments = new Intl.Segmenter("en", { granularity: "word" }).segment(text);
  return [...segments].filter((segment) => segment.isWordLike === true).length;
}
