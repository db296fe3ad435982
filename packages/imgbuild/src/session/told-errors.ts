import type { ImgbuildError } from "@imgbuild/errors";
import type { Session } from "./session.ts";

const told = new WeakSet<ImgbuildError>();

/**
 * Tells programs of a failure while the run's events are still going out, so that `run.end` is the last of them. People
 * read it at the end, where `main.ts` writes it.
 */
export function tellFailure(session: Session, error: ImgbuildError): void {
  const { json, progress } = session.flags;
  if (!json && progress !== "json") return;
  session.emit({ type: "error", error });
  told.add(error);
}

/** Whether {@link tellFailure} has told this error. */
export function wasTold(error: ImgbuildError): boolean {
  return told.has(error);
}
