import type { Caller } from "./call.ts";
import { readCreated } from "./image-fields.ts";
import { describeValue } from "./plain.ts";
import type { Problem } from "./problem.ts";

const VARIABLE = "SOURCE_DATE_EPOCH";
/** The last second of the year 9999, the last that RFC 3339 can say. */
const LAST = 253_402_300_799;

/**
 * When an image was made. Where that is not written, or `now`, the variable SOURCE_DATE_EPOCH (seconds since 1970) decides, if
 * it is set: so the answer is part of the evaluation's key, and `now` is reproducible.
 */
export function readImageTime(caller: Caller, value: unknown, problems: Problem[]): string {
  return value === undefined || value === "now"
    ? outsideTime(caller, value, { path: "created", problems })
    : readCreated(value, problems, "created");
}

/** The time of files. Only `now` asks SOURCE_DATE_EPOCH: a variable that somebody else set must not change any layer. */
export function readFileTime(caller: Caller, value: unknown, problems: Problem[]): string {
  return value === "now"
    ? outsideTime(caller, value, { path: "mtime", problems })
    : readCreated(value, problems, "mtime");
}

function outsideTime(
  caller: Caller,
  value: unknown,
  at: { readonly path: string; readonly problems: Problem[] },
): string {
  const answer = caller.host.ask({ kind: "env", name: VARIABLE });
  const text = "value" in answer && typeof answer.value === "string" ? answer.value.trim() : "";
  if (text === "") return readCreated(value, at.problems, at.path);
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= LAST) return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
  const problem = `cannot be taken from ${VARIABLE}, which is ${describeValue(text)}, wanted seconds since 1970`;
  at.problems.push({ path: at.path, text: problem, hint: `Correct or unset ${VARIABLE}` });
  return readCreated(undefined, at.problems, at.path);
}
