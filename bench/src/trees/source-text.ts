const ALPHABET = "abcdefghijklmnopqrstuvwxyz      ();={}.,\n\n";

/** Deterministic text that compresses about as source code does: `of(n)` is always the same. */
export function sourceText(): { of(index: number): string } {
  let state = 0x2545f491;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const words = Array.from({ length: 400 }, () =>
    Array.from({ length: 3 + (random() % 9) }, () => ALPHABET[random() % ALPHABET.length]).join(""),
  );
  const pool = Array.from({ length: 30_000 }, () => words[random() % words.length]).join(" ");
  return {
    of: (index) => {
      const length = 200 + ((index * 2_654_435_761) % 5_600);
      const start = (index * 7_919) % (pool.length - length);
      return `// file ${index}\n${pool.slice(start, start + length)}`;
    },
  };
}
