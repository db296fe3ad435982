import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { combineErrors, fromUnknown, type ImgbuildError } from "@imgbuild/errors";
import { errorJson } from "@imgbuild/report";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { type Built, type BuiltTarget, buildTargets, exitCodeFor } from "./build-targets.ts";
import { type CodecChoice, prepare } from "./prepare.ts";
import { type Session, withSession } from "./session.ts";
import { tellFailure } from "./told-errors.ts";

/** What a command that builds does besides. */
export interface BuildCommand {
  readonly name: string;
  /** The form that will be delivered, so that layers are compressed to it while they are packed. */
  readonly codec?: CodecChoice | undefined;
  /** Runs before anything is built: throws what would otherwise fail afterwards. */
  readonly before?: ((session: Session) => void) | undefined;
  /** Runs when every target is built, or with keep-going for those that are; resolves to an exit code of its own. */
  readonly after: (session: Session, targets: readonly BuiltTarget[]) => Promise<number>;
}

/** Builds the labels of the command line, then does what the command is for. Emits `run.start` and `run.end`. */
export async function runBuildCommand(flags: Flags, host: Host, command: BuildCommand): Promise<number> {
  return withSession(flags, host, async (session) => {
    const jobs = flags.jobs ?? availableParallelism();
    session.emit({ type: "run.start", command: command.name, targets: flags.labels, jobs });
    const attempt: Attempt = { built: undefined };
    try {
      command.before?.(session);
      const own = await withRetries(session, command, attempt);
      const failed = exitCodeFor(attempt.built?.errors ?? []);
      writeReport(session, attempt.built, undefined);
      return endRun(session, attempt.built, failed === 0 ? own : failed);
    } catch (error) {
      const known = reported(session, attempt.built, fromUnknown(error, `Cannot ${command.name}`));
      tellFailure(session, known);
      endRun(session, attempt.built, host.signalExit ?? exitCodeFor([known]));
      throw known;
    }
  });
}

/** What the last attempt built, for the report of a run that fails. */
interface Attempt {
  built: Built | undefined;
}

/** Inputs that change between build and delivery, and blobs found damaged by the delivery, are cured by building again. */
const CURED_BY_BUILDING: ReadonlySet<string> = new Set(["input-changed", "integrity", "not-found"]);
const ATTEMPTS = 3;

async function withRetries(session: Session, command: BuildCommand, attempt: Attempt): Promise<number> {
  for (let number = 1; ; number++) {
    const prepared = await prepare(session, command.codec);
    const built = await buildTargets(session, prepared);
    attempt.built = built;
    if (built.errors.length > 0 && !session.flags.keepGoing) return 0;
    try {
      return await command.after(session, built.targets);
    } catch (error) {
      const known = fromUnknown(error, `Cannot ${command.name}`);
      if (number === ATTEMPTS || !CURED_BY_BUILDING.has(known.code) || session.host.signal.aborted) throw known;
      session.emit({ type: "warning", message: `Building again: ${known.message}` });
    }
  }
}

function endRun(session: Session, built: Built | undefined, exitCode: number): number {
  const { host, emit, startedAt } = session;
  emit({
    type: "run.end",
    exitCode,
    ms: host.clock() - startedAt,
    hits: built?.result.hits ?? 0,
    built: built?.result.built ?? 0,
    failed: built?.result.failed ?? 0,
    savedMs: built?.result.savedMs ?? 0,
    bytesWritten: session.written.bytes,
    unchanged: built?.targets.filter((target) => target.result === "built" && target.unchanged).length ?? 0,
  });
  return exitCode;
}

/** Writes the report of a run that failed. That it cannot be written is told beside the failure, not in its place. */
function reported(session: Session, built: Built | undefined, error: ImgbuildError): ImgbuildError {
  try {
    writeReport(session, built, error);
    return error;
  } catch (failure) {
    return combineErrors([error, fromUnknown(failure, "Cannot write the report")]);
  }
}

function writeReport(session: Session, built: Built | undefined, error: ImgbuildError | undefined): void {
  const { report, profile } = session.flags;
  if (profile !== undefined) write(session, profile, { what: "profile", text: session.profile?.json() ?? "" });
  if (report === undefined) return;
  const errors = [...(built?.errors ?? []), ...(error === undefined ? [] : [error])].map(errorJson);
  const targets = (built?.targets ?? []).map(({ target, reference, digest, inputHash, result, unchanged }) => {
    return { label: target.label, reference, digest, inputHash, result, unchanged };
  });
  const text = `${JSON.stringify({ version: 1, targets, errors }, null, 2)}\n`;
  write(session, report, { what: "report", text });
}

function write({ cwd }: Session, file: string, { what, text }: { readonly what: string; readonly text: string }): void {
  try {
    writeFileSync(resolve(cwd, file), text);
  } catch (cause) {
    throw fromUnknown(cause, `Cannot write the ${what} "${file}"`);
  }
}
