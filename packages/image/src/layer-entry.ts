import type { TarHeader } from "@imgbuild/tar";

/** Where the bytes of a file come from. `sha256` is 64 hex digits; what is read is checked against it. */
export type LayerContent =
  | { readonly kind: "disk"; readonly path: string; readonly size: number; readonly sha256: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly size: number; readonly sha256: string }
  | {
      /** In the store: `slice` gives a range. */
      readonly kind: "stored";
      readonly slice: (offset: number, length: number) => Uint8Array;
      readonly size: number;
      readonly sha256: string;
    };

/** One member of a layer that is about to be packed. `content` is given for files that are not empty. */
export interface LayerEntry {
  readonly header: TarHeader;
  readonly content: LayerContent | undefined;
}

/**
 * Order of paths in a layer: by the bytes of their UTF-8 form, so a directory comes before what it contains. UTF-16
 * order differs from that only where surrogates meet characters above them.
 */
export function byPathBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** The entries in the order of {@link byPathBytes}. */
export function sortEntries(entries: readonly LayerEntry[]): LayerEntry[] {
  const keyed = entries.map((entry) => ({ path: entry.header.path, entry }));
  const order = orderOf(keyed.map(({ path }) => path)) ?? ((a, b) => (a < b ? -1 : 1));
  return keyed.sort((a, b) => order(a.path, b.path)).map(({ entry }) => entry);
}

/** Sorts paths by {@link byPathBytes}; in place. */
export function sortPaths(paths: string[]): string[] {
  return paths.sort(orderOf(paths));
}

/** Undefined where plain code unit order is right, which is many times faster: without surrogates and what is above them. */
function orderOf(paths: readonly string[]): typeof byPathBytes | undefined {
  return paths.some((path) => BEYOND.test(path)) ? byPathBytes : undefined;
}

const BEYOND = /[\ud800-\uffff]/;

/** Lifts surrogates (which stand for U+10000 and up) above U+E000–U+FFFF. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x2000 : unit >= 0xe000 ? unit - 0x800 : unit;
}
