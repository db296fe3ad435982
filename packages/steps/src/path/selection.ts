import picomatch from "picomatch";

/** What a path source wants with a name. `descend` and `ignored` depend on what it is; `excluded` does not. */
export interface Selection {
  /** Whether there are no patterns: then nobody need tell it what a path is. */
  readonly takesAll: boolean;
  excluded(relative: string): boolean;
  /** Whether a file or link is wanted. Directories are entered unless excluded. */
  wanted(relative: string): boolean;
  /** Whether directories without wanted files are kept. */
  readonly keepsEmptyDirectories: boolean;
}

/** Distinguishes selections in snapshot keys. */
export function selectionId(include: readonly string[], exclude: readonly string[]): string {
  return JSON.stringify([include, exclude]);
}

/**
 * The selection of picomatch patterns relative to the source's root. No include pattern means everything. A pattern
 * that matches a directory stands for all below it. Names starting with a dot are ordinary names.
 */
export function makeSelection(include: readonly string[], exclude: readonly string[]): Selection {
  const options = { dot: true };
  const excludes = exclude.length === 0 ? undefined : picomatch(exclude.map(trim), options);
  const includes =
    include.length === 0
      ? undefined
      : picomatch(
          include.flatMap((p) => [trim(p), `${trim(p)}/**`]),
          options,
        );
  return {
    takesAll: excludes === undefined && includes === undefined,
    excluded: (relative) => excludes?.(relative) ?? false,
    wanted: (relative) => includes?.(relative) ?? true,
    keepsEmptyDirectories: includes === undefined,
  };
}

/** `./dist/` and `dist` mean the same. */
function trim(pattern: string): string {
  return pattern.replace(/^\.\//, "").replace(/\/+$/, "");
}
