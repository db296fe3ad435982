import type { DebianLock } from "@imgbuild/debian";
import type { DebianRequest, FactAnswer, LockAnswer } from "@imgbuild/define";
import { ImgbuildError } from "@imgbuild/errors";
import { readLockFile } from "./lock-file.ts";
import { lockName } from "./lock-name.ts";

/** Answers the questions of definitions from the lock of a workspace. What is wrong with the lock is the answer. */
export function lockAnswers(workspaceRoot: string): (request: DebianRequest) => FactAnswer {
  let read: { readonly lock: DebianLock | undefined } | { readonly error: ImgbuildError } | undefined;
  return (request) => {
    read ??= tryRead(workspaceRoot);
    if ("error" in read) return refusal(read.error);
    return { value: answerOf(read.lock, request) as never };
  };
}

function tryRead(workspaceRoot: string) {
  try {
    return { lock: readLockFile(workspaceRoot) };
  } catch (error) {
    if (error instanceof ImgbuildError) return { error };
    throw error;
  }
}

function refusal({ code, message, hint }: ImgbuildError): FactAnswer {
  const known =
    code === "unsupported" || code === "path-escape" || code === "input-unreadable" ? code : "invalid-archive";
  return { code: known, error: `${message}${hint === undefined ? "" : ` (${hint})`}` };
}

function answerOf(lock: DebianLock | undefined, request: DebianRequest): LockAnswer {
  if (lock === undefined) return { missing: "lock" };
  const name = lockName(request);
  const set = lock.sets.find((each) => each.name === name);
  if (set === undefined) return { missing: "request" };
  return {
    packages: set.packages,
  };
}
