import { ImgbuildError, type Position } from "@imgbuild/errors";
import type { SandboxEnd } from "@imgbuild/sandbox";

/** Lines of a failed script that are shown. */
const SHOWN = 20;

/** What is known of a script that failed. */
export interface FailedScript {
  /** What it is: `script runAsRoot`. */
  readonly what: string;
  /** Of a target that has it. */
  readonly label: string;
  readonly timeoutSeconds: number | null;
  readonly diskMiB?: number | undefined;
  /** Its text, where it is a script. */
  readonly text?: string | undefined;
  readonly position: Position | null;
  /** Where its sandbox stays; undefined when it does not. */
  readonly kept: string | undefined;
  /** What brought it about, where that is known. */
  readonly cause?: string | undefined;
  readonly note: string;
}

/** The error for a script that did not end well. */
export function scriptFailure(end: SandboxEnd, script: FailedScript): ImgbuildError {
  const { what, label, position, kept, cause, note } = script;
  const why = cause === undefined ? "" : `; ${cause}`;
  const lines = end.tail.slice(-SHOWN).map((line) => `| ${line}`);
  const told = lines.length === 0 ? "; it printed nothing" : `; the last it printed:\n${lines.join("\n")}`;
  const look =
    kept === undefined
      ? `To look inside, run the command again with --keep-failed, then \`imgbuild shell ${label}\``
      : `Look inside with \`imgbuild shell ${label}\`; the sandbox is kept in ${kept}`;
  const hints = [...hintsFor(end, script), ...(note === "" ? [] : [note]), look];
  const code = end.diskFull === "machine" ? "disk-full" : "script-failed";
  return new ImgbuildError(code, `Cannot finish the ${what}: ${how(end, script)}${why}${told}`, {
    hint: hints.join("\n"),
    position,
  });
}

function how(end: SandboxEnd, { timeoutSeconds, diskMiB }: FailedScript): string {
  if (end.timedOut) return `it did not end within ${timeoutSeconds} seconds`;
  if (end.diskFull === "machine") return "it was stopped before it took the last free space of this machine";
  if (end.diskFull === "limit") return `it wrote more than the ${diskMiB} MiB of diskSize`;
  return end.signal === undefined ? `exit code ${end.code}` : `${end.signal} ended it`;
}

function hintsFor(end: SandboxEnd, { text = "" }: FailedScript): string[] {
  const says = (pattern: RegExp) => end.tail.some((line) => pattern.test(line));
  const interpreter = /^#!\s*(\S+)/.exec(text)?.[1];
  const unstarted = (end.code === 126 || end.code === 127) && says(/\/\.imgbuild\/script/);
  return [
    ...(end.timedOut ? ["Raise the attribute timeout, if the script needs longer"] : []),
    ...(end.diskFull === "limit" ? ["Raise the attribute diskSize, if the script needs more"] : []),
    ...(end.diskFull === "machine" || says(/No space left on device|Disk quota exceeded/)
      ? ["Free some space where the cache is, or put the cache elsewhere with --cache-dir"]
      : []),
    ...(says(/Exec format error/)
      ? [
          "Programs of the image are for another processor: install qemu-user-static, or build on a machine of that kind",
        ]
      : []),
    ...(interpreter !== undefined && unstarted
      ? [`Put ${interpreter}, which the first line of the script names, into the image; or write a shell script`]
      : []),
  ];
}
