import { DEFINITIONS_SCRIPT } from "./protocol.ts";

/** What is kept of a stack that nobody sees. */
interface Kept {
  readonly positions: string;
  /** The innermost module that is being loaded. */
  readonly module: string | undefined;
}

const stacks = new WeakMap<object, Kept>();

/** The bundle has a function for each module, named by its path. */
const MODULE = /\.(?:[cm]?[jt]s|[jt]sx|json)$/;

/**
 * Takes stack traces out of this context: they hold paths of this machine, and places in a bundle that depend on what
 * else is evaluated. `stack` of an error is its first line alone; the places are kept for `positionsOf`.
 */
export function hideStacks(): void {
  const prepare = (error: object, sites: readonly NodeJS.CallSite[]): string => {
    const own = sites.filter((site) => site.getFileName() === DEFINITIONS_SCRIPT);
    const positions = own.map((site) => `${site.getLineNumber()}:${site.getColumnNumber()}`).join("\n");
    const module = own.map((site) => site.getFunctionName() ?? "").find((name) => MODULE.test(name));
    stacks.set(error, { positions, module });
    return headOf(error);
  };
  // A prepareStackTrace of the user would see frames of the host.
  Object.defineProperty(Error, "prepareStackTrace", { get: () => prepare, set: () => {}, configurable: false });
  Error.stackTraceLimit = 200;
}

/** Where an object with a stack was made: `line:column` of the evaluated script, one a line, innermost first. */
export function positionsOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null ? (keptOf(thrown)?.positions ?? "") : "";
}

/**
 * Whether an npm package is being loaded. What many do then (ask the clock, try whether something works) decides nothing
 * that they give later.
 */
export function packageLoads(): boolean {
  const holder = {};
  Error.captureStackTrace(holder, packageLoads);
  return keptOf(holder)?.module?.includes("node_modules/") ?? false;
}

function keptOf(thrown: object): Kept | undefined {
  // The engine calls prepareStackTrace when the stack is looked at for the first time.
  void (thrown as { readonly stack?: unknown }).stack;
  return stacks.get(thrown);
}

function headOf(error: object): string {
  try {
    return String(error);
  } catch {
    return "Error";
  }
}
