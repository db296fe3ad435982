/** A path, or the name of a package, that a program said it could not find. */
export interface NamedPath {
  readonly text: string;
  readonly kind: "path" | "package" | "types";
  /** Paths that were named nearby: what was looked for may be relative to one of their directories. */
  readonly near: readonly string[];
}

/** How programs say that something is not there. */
const MISSING =
  /no such file|not found|(?:can(?:no|')t|could not|unable to|failed to) (?:be )?(?:find|found|resolve|read|open|load|locate|access|stat)|ENOENT|no rule to make|(?:does not|doesn't) exist|no inputs were found|non-existent/i;

/** Lines before and after such a line in which the rest of the message may be. */
const BEFORE = 1;
const AFTER = 4;

/** What the last lines of a failed command say is missing, in order. */
export function namedPaths(lines: readonly string[]): NamedPath[] {
  const found = new Map<string, NamedPath>();
  lines.forEach((line, i) => {
    if (!MISSING.test(line)) return;
    const near = lines.slice(Math.max(0, i - BEFORE), i + AFTER + 1).flatMap(wordsOf);
    const isModule = /module|package|resolve|import|declaration file/i.test(line);
    const isTypes = /type definition file/i.test(line);
    for (const text of wordsOf(line)) {
      const add = (kind: NamedPath["kind"]) => found.set(`${kind} ${text}`, { text, kind, near });
      add("path");
      if (isModule && /^(?:@[\w.-]+\/)?\w[\w.-]*(?:\/|$)/.test(text)) add("package");
      if (isTypes) add("types");
    }
  });
  return [...found.values()];
}

/** Quoted texts and words of a line that may be paths, without the places (`:12:3`, `(4,5)`) that stand behind them. */
function wordsOf(line: string): string[] {
  const quoted = [...line.matchAll(/'([^']+)'|"([^"]+)"|`([^`]+)`|‘([^’]+)’|“([^”]+)”/g)].map((match) =>
    match.slice(1).find((each) => each !== undefined),
  );
  const bare = line.replace(/['"`‘’“”[\]{}<>|=]/g, " ").split(/\s+/);
  return [...new Set([...quoted, ...bare].map((word) => clean(word ?? "")))].filter(
    (word) => word !== "" && word !== "." && word !== ".." && word.length <= 500 && !word.includes("\0"),
  );
}

function clean(word: string): string {
  return word
    .replace(/^file:\/\//, "")
    .replace(/^[([,;:]+/, "")
    .replace(/(?::\d+){1,2}:?$|\(\d+,\d+\):?$/, "")
    .replace(/[)\],;:!?]+$/, "")
    .replace(/(?<=[\w/])\.$/, "");
}
