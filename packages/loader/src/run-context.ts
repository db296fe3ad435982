import vm from "node:vm";
import type { Fact, FactAnswer } from "@imgbuild/define";
import { ImgbuildError } from "@imgbuild/errors";
import type { Guest, install } from "./guest/main.ts";
import { type Bridge, DEFINITIONS_SCRIPT, type EncodedError, type Notice, type Report } from "./guest/protocol.ts";
import type { Runtime } from "./runtime.ts";

/** What a run needs. */
export interface RunOptions {
  readonly runtime: Runtime;
  /** The bundle. */
  readonly code: string;
  answer(fact: Fact): FactAnswer;
  /** How long definitions may compute, in milliseconds. */
  readonly timeLimitMs: number;
}

/**
 * Runs a bundle in a new context that holds the language and nothing else. Only strings cross. Throws `definition` when
 * the time limit is over.
 */
export function runInContext(options: RunOptions): Report {
  const { runtime, code, timeLimitMs } = options;
  let current = "";
  const bridge: Bridge = (question) => {
    const asked = JSON.parse(question) as Fact | Notice;
    if (asked.kind !== "enter") return JSON.stringify(options.answer(asked));
    current = asked.file;
    return "null";
  };
  const context = vm.createContext(Object.create(null) as vm.Context, {
    codeGeneration: { strings: false, wasm: false },
  });
  const start = new vm.Script(runtime.code, { filename: "imgbuild:runtime" });
  const guest = (start.runInContext(context) as typeof install)(bridge);
  const run = (script: vm.Script, handed: unknown) => {
    const property = { value: handed, configurable: true, enumerable: false, writable: true };
    Object.defineProperty(context, "__imgbuild", property);
    try {
      return script.runInContext(context, { timeout: timeLimitMs }) as unknown;
    } catch (error) {
      throw runError(error, { guest, current, timeLimitMs });
    }
  };
  // The prefix has a line of its own, so that lines are those of the bundle.
  const main = `((__imgbuild, module, exports) => { "use strict"; delete globalThis.__imgbuild;\n${code}\n})(__imgbuild, { exports: {} }, {})`;
  const definitions = new vm.Script(main, { filename: DEFINITIONS_SCRIPT, lineOffset: -1 });
  run(definitions, guest);
  return JSON.parse(String(run(new vm.Script("__imgbuild()"), guest.collect))) as Report;
}

function runError(error: unknown, at: { guest: Guest; current: string; timeLimitMs: number }): ImgbuildError {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
    const message = `Cannot evaluate "${at.current}": it ran for more than ${at.timeLimitMs / 1000} seconds`;
    return new ImgbuildError("definition", message, {
      hint: "Look for a loop that does not end",
      position: { file: at.current, line: 1, column: 1 },
    });
  }
  const { message } = JSON.parse(at.guest.describe(error)) as EncodedError;
  return new ImgbuildError("definition", `Cannot evaluate "${at.current}": ${message}`);
}
