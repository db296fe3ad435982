import type { Abilities } from "./abilities.ts";
import { type ChangedFile, type ReadChangesOptions, readMembers, tarWords, unreadable } from "./read-changes.ts";

/** What is at a path that a script was to make. */
export type FoundOutput =
  /** With paths below it, itself being ".". */
  | { readonly kind: "directory"; readonly files: readonly ChangedFile[] }
  | { readonly kind: "file"; readonly file: ChangedFile }
  | { readonly kind: "missing" }
  /** It, or a directory above it, is a symbolic link. */
  | { readonly kind: "link" }
  /** A device, pipe or socket. */
  | { readonly kind: "special" };

/** Goes down without following a link, as one who may read everything, and becomes the tar whose words follow. */
const WALK = `rest=$1; shift
while :; do
  case $rest in */*) part=\${rest%%/*}; rest=\${rest#*/} ;; *) part=$rest; rest= ;; esac
  [ ! -L "./$part" ] || exit 41
  if [ -d "./$part" ]; then
    cd -P -- "./$part" || exit 40
    [ -n "$rest" ] || exec "$@" .
  elif [ -n "$rest" ] || [ ! -e "./$part" ]; then exit 40
  elif [ -f "./$part" ]; then exec "$@" "./$part"
  else exit 43
  fi
done`;

const ENDS = { 40: { kind: "missing" }, 41: { kind: "link" }, 43: { kind: "special" } } as const;

/**
 * Reads what is at `path` below a directory that a script wrote to, as {@link readChanges} does. No link is followed, also none
 * that a script put in the way. Nothing of the script may be running.
 */
export async function readOutput(
  abilities: Abilities,
  options: ReadChangesOptions & { readonly path: string },
): Promise<FoundOutput> {
  const argv = [abilities.tool("sh") ?? "sh", "-c", WALK, "sh", options.path, ...tarWords(abilities)];
  const { found, end } = await readMembers(abilities, argv, options);
  const other = ENDS[end.code as keyof typeof ENDS];
  if (other !== undefined) return other;
  if (end.code !== 0) throw unreadable(end);
  const [first] = found;
  if (first !== undefined && found.length === 1 && first.header.path !== ".") return { kind: "file", file: first };
  return { kind: "directory", files: found };
}
