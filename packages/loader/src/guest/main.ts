import {
  type Caller,
  createApi,
  type DefinitionApi,
  describeValue,
  type Fact,
  type FactAnswer,
  type RawPosition,
  readWorkspaceConfig,
  recordOf,
  ValueEncoder,
} from "@imgbuild/define";
import type { ImgbuildError } from "@imgbuild/errors";
import { encodeError } from "./describe.ts";
import { harden } from "./harden.ts";
import type { Bridge, Failure, Notice, OtherExport, Report } from "./protocol.ts";
import { positionsOf } from "./stacks.ts";

/** A definition, not run yet. */
interface GuestModule {
  readonly file: string;
  load(): object;
}

/** What the script of the definitions finds in its context. */
export interface Guest {
  /** The API for a file that imports it. */
  api(file: string): DefinitionApi;
  /** Runs the definitions, each on its own: one that fails does not stop the others. */
  run(modules: readonly GuestModule[], kind: "targets" | "config"): void;
  /** The outcome as JSON. */
  collect(): string;
  /** Anything thrown, as JSON. */
  describe(thrown: unknown): string;
}

/** Prepares the context and gives what the script of the definitions calls. The bridge never leaves this closure. */
export function install(bridge: Bridge): Guest {
  const { parse, stringify } = JSON;
  const warnings: { message: string; position: RawPosition }[] = [];
  const warn = (message: string) => {
    warnings.push({ message, position: callerPosition() });
  };
  const tell = (question: Fact | Notice): unknown => {
    let answer: string;
    try {
      answer = bridge(stringify(question));
    } catch {
      // An error of the host (a full stack) would be a way out of the context.
      return { code: "definition", error: "the call stack is full" };
    }
    return parse(answer) as unknown;
  };
  const noted: Failure[] = [];
  let current = "";
  const note = (error: ImgbuildError) => {
    noted.push({ file: current, error: encodeError(error), unlessInPackage: true });
  };
  harden(warn, note);
  const host: Caller["host"] = { ask: (fact) => tell(fact) as FactAnswer, position: callerPosition, warn };
  const session = new Session((notice) => {
    current = notice.file;
    tell(notice);
  });
  return Object.freeze({
    api: (file: string) => createApi({ host, dir: file.includes("/") ? file.slice(0, file.lastIndexOf("/")) : "" }),
    run: (modules: readonly GuestModule[], kind: "targets" | "config") => session.run(modules, kind),
    collect: () => {
      const report = session.report();
      return stringify({ ...report, failures: [...report.failures, ...noted], warnings } satisfies Report);
    },
    describe: (thrown: unknown) => stringify(encodeError(thrown)),
  });
}

class Session {
  readonly #tell: (notice: Notice) => void;
  readonly #loaded: { readonly file: string; readonly exports: Readonly<Record<string, unknown>> }[] = [];
  readonly #failures: Failure[] = [];
  #config: Report["config"] = null;

  constructor(tell: (notice: Notice) => void) {
    this.#tell = tell;
  }

  run(modules: readonly GuestModule[], kind: "targets" | "config"): void {
    for (const { file, load } of modules) {
      this.#tell({ kind: "enter", file });
      try {
        const exports = load() as Readonly<Record<string, unknown>>;
        if (kind === "config") this.#config = readWorkspaceConfig(exports.default);
        else this.#loaded.push({ file, exports });
      } catch (error) {
        this.#failures.push({ file, error: encodeError(error) });
      }
    }
  }

  report(): Omit<Report, "warnings"> {
    const encoder = new ValueEncoder();
    const targets: Report["targets"][number][] = [];
    const others: OtherExport[] = [];
    for (const { file, exports } of this.#loaded) {
      for (const name of Object.keys(exports).sort()) {
        const value = exports[name];
        const node = encoder.add(value);
        if (node !== undefined) targets.push({ file, name, node });
        else others.push({ file, name, what: this.#describe(value) });
      }
    }
    return { nodes: encoder.nodes, targets, others, failures: this.#failures, config: this.#config };
  }

  #describe(value: unknown): string {
    const looksMade = typeof value === "object" && value !== null && "kind" in value && recordOf(value) === undefined;
    return looksMade ? "a copy of a value" : describeValue(value);
  }
}

/** The top frame of the user's code as `line:column` of the evaluated script. */
function callerPosition(): RawPosition {
  const holder = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 12;
  Error.captureStackTrace(holder, callerPosition);
  Error.stackTraceLimit = limit;
  const [first] = positionsOf(holder).split("\n");
  return first ? (first as RawPosition) : null;
}
