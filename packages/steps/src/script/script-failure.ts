import { ImgbuildError, type Position } from "@imgbuild/errors";
import type { SandboxEnd } from "@imgbuild/sandbox";

/** Lines of a failed script that are shown. */
const SHOWN = 20;

/** The error for a script that did not end well. */
export function scriptFailure(
  end: SandboxEnd,
  script: {
    /** What it is: `script runAsRoot`. */
    readonly what: string;
    readonly timeoutSeconds: number | null;
    readonly position: Position | null;
    readonly kept: string | undefined;
    /** What brought it about, where that is known. */
    readonly cause?: string | undefined;
    readonly note: string;
  },
): ImgbuildError {
  const { what, timeoutSeconds, position, kept, cause, note } = script;
  const why = cause === undefined ? "" : `; ${cause}`;
  const how = end.timedOut
    ? `it did not end within ${timeoutSeconds} seconds`
    : end.signal === undefined
      ? `exit code ${end.code}`
      : `${end.signal} ended it`;
  const full = end.tail.some((line) => /No space left on device|Disk quota exceeded/.test(line));
  const lines = end.tail.slice(-SHOWN).map((line) => `| ${line}`);
  const told = lines.length === 0 ? "; it printed nothing" : `; the last it printed:\n${lines.join("\n")}`;
  const look =
    kept === undefined
      ? "To look inside, run the command again with --keep-failed, then `imgbuild shell LABEL`"
      : `Look inside with \`imgbuild shell LABEL\`; the sandbox is kept in ${kept}`;
  const hints = [
    ...(full ? ["Free some space, if it is missing on this machine"] : []),
    ...(end.timedOut ? ["Raise the attribute timeout, if the script needs longer"] : []),
    ...(note === "" ? [] : [note]),
    look,
  ];
  return new ImgbuildError("script-failed", `Cannot finish the ${what}: ${how}${why}${told}`, {
    hint: hints.join("\n"),
    position,
  });
}
