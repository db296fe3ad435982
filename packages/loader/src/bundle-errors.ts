import { API_NAMES } from "@imgbuild/define";
import { combineErrors, type ErrorCode, ImgbuildError, type Position } from "@imgbuild/errors";
import { byCodeUnit, didYouMean } from "@imgbuild/graph";
import type { Location, Message } from "esbuild";
import { ENTRY_FILE, type MessageDetail } from "./bundle-plugin.ts";

/** All messages of esbuild as one error, in the order of their places. */
export function errorsOfMessages(messages: readonly Message[]): ImgbuildError {
  const errors = messages.map(errorOf);
  errors.sort(
    (a, b) =>
      byCodeUnit(a.position?.file ?? "", b.position?.file ?? "") || (a.position?.line ?? 0) - (b.position?.line ?? 0),
  );
  return combineErrors(errors);
}

function errorOf(message: Message): ImgbuildError {
  const position = positionOf(message.location);
  const action = position === undefined ? "Cannot load the definitions" : `Cannot load "${position.file}"`;
  const { code, text, hint } = explain(message);
  return new ImgbuildError(code, `${action}: ${text}`, { hint, position });
}

function explain(message: Message): {
  readonly code: ErrorCode;
  readonly text: string;
  readonly hint: string | undefined;
} {
  const { text, id } = message;
  if (isDetail(message.detail)) return { code: message.detail.code, text, hint: message.detail.hint };
  if (id === "empty-import-meta") {
    const hint = 'Give paths relative to the definition: path("./x")';
    return { code: "impure-definition", text: "it uses import.meta, which differs from checkout to checkout", hint };
  }
  const missing = /^Could not resolve "(.*)"$/s.exec(text)?.[1];
  if (missing !== undefined) {
    const hint = /^[./]/.test(missing) ? "Correct the path of the import" : "Install the package, or correct its name";
    return { code: "definition", text: `there is no "${missing}"`, hint };
  }
  const name = /^No matching export in "imgbuild-api:.*" for import "(.*)"$/s.exec(text)?.[1];
  if (name !== undefined) {
    const hint = `Import one of ${API_NAMES.join(", ")}`;
    return { code: "definition", text: `"imgbuild" has no "${name}"${didYouMean(name, API_NAMES)}`, hint };
  }
  if (/top-level await/i.test(text)) {
    return {
      code: "definition",
      text: "it waits with await at the top",
      hint: "Definitions are synchronous: remove await",
    };
  }
  return { code: "definition", text, hint: message.notes[0]?.text };
}

/** esbuild counts columns in bytes from 0; we count UTF-16 code units from 1. */
function positionOf(location: Location | null): Position | undefined {
  if (location === null || location.file === ENTRY_FILE) return undefined;
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  return { file: location.file, line: location.line, column: before.length + 1 };
}

function isDetail(detail: unknown): detail is MessageDetail {
  return typeof detail === "object" && detail !== null && "code" in detail && "hint" in detail;
}
