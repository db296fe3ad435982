import { describeValue, isUndefinedProblem } from "@imgbuild/define";
import { ImgbuildError } from "@imgbuild/errors";
import { absentGlobal } from "./impure.ts";
import type { EncodedError, EncodedProblem } from "./protocol.ts";
import { positionsOf } from "./stacks.ts";

/** Anything thrown, as plain data. Never throws, whatever the thing does when it is looked at. */
export function encodeError(thrown: unknown): EncodedError {
  try {
    return describe(thrown);
  } catch {
    return threw("it threw something that cannot be read", "");
  }
}

function describe(thrown: unknown): EncodedError {
  const stack = positionsOf(thrown);
  const error = absentGlobal(thrown) ?? thrown;
  if (error instanceof ImgbuildError) {
    const related = error.related.map(problemOf);
    return { ...problemOf(error), stack, undefinedValue: isUndefinedProblem(error), related };
  }
  if (error instanceof Error) {
    const name = String(error.name);
    const message = String(error.message);
    const text = name === "Error" ? message : `${name}: ${message}`;
    return { ...threw(text === "" ? "an error without a message" : text, stack), undefinedValue: isEarlyUse(error) };
  }
  return threw(describeValue(thrown), stack);
}

function problemOf({ code, message, hint, position }: ImgbuildError): EncodedProblem {
  return { code, message, hint: hint ?? null, position: position ?? null };
}

/** A `let` or `const` of a module that has not run yet: the sign of a circle of imports. */
function isEarlyUse(error: Error): boolean {
  return error instanceof ReferenceError && error.message.includes("before initialization");
}

function threw(message: string, stack: string): EncodedError {
  return { code: "threw", message, hint: null, stack, undefinedValue: false, position: null, related: [] };
}
