import { ImgbuildError } from "@imgbuild/errors";

/** An error for code that reaches for something that may differ from one run to the next. */
export function impure(what: string, hint: string): ImgbuildError {
  return new ImgbuildError("impure-definition", `Cannot use ${what} in a definition: ${WHY}`, { hint });
}

const WHY = "it must give the same result on every machine and at any time";

const HINTS: Readonly<Record<string, string>> = {
  process: 'Read a variable with env("NAME") from "imgbuild"',
  require: "Use import",
  module: "Use export",
  exports: "Use export",
  __dirname: 'Give paths relative to this file: path("./x")',
  __filename: 'Give paths relative to this file: path("./x")',
  fetch: "Put the file into the workspace",
  XMLHttpRequest: "Put the file into the workspace",
  WebSocket: "Put the file into the workspace",
  crypto: "Let the input hash tell images apart: leave the tag out",
  performance: "Remove the measuring",
  Temporal: "Write the time as text",
  Intl: "Format without a locale: String(x), or compare with <",
  Bun: "Use only the functions of imgbuild",
  Deno: "Use only the functions of imgbuild",
};

const ABSENT = [
  "Buffer",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "structuredClone",
  "navigator",
  "window",
  "document",
  "global",
  "URL",
  "TextEncoder",
  "TextDecoder",
  "WeakRef",
  "FinalizationRegistry",
  "SharedArrayBuffer",
  "Atomics",
  "WebAssembly",
];

/** If the error says that a global of Node or the web is not defined: what it is and what to do instead. */
export function absentGlobal(error: unknown): ImgbuildError | undefined {
  if (error instanceof EvalError) return impure("eval or new Function", "Write the code out");
  if (!(error instanceof ReferenceError)) return undefined;
  const name = /^(\S+) is not defined$/.exec(error.message)?.[1] ?? "";
  if (Object.hasOwn(HINTS, name)) return impure(name, HINTS[name] ?? "");
  return ABSENT.includes(name) ? impure(name, "Use only the language itself and the functions of imgbuild") : undefined;
}
