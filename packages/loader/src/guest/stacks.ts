import { DEFINITIONS_SCRIPT } from "./protocol.ts";

const positions = new WeakMap<object, string>();

/**
 * Takes stack traces out of this context: they hold paths of this machine, and places in a bundle that depend on what
 * else is evaluated. `stack` of an error is its first line alone; the places are kept for `positionsOf`.
 */
export function hideStacks(): void {
  const prepare = (error: object, sites: readonly NodeJS.CallSite[]): string => {
    const own = sites.filter((site) => site.getFileName() === DEFINITIONS_SCRIPT);
    positions.set(error, own.map((site) => `${site.getLineNumber()}:${site.getColumnNumber()}`).join("\n"));
    return headOf(error);
  };
  // A prepareStackTrace of the user would see frames of the host.
  Object.defineProperty(Error, "prepareStackTrace", { get: () => prepare, set: () => {}, configurable: false });
  Error.stackTraceLimit = 200;
}

/** Where an object with a stack was made: `line:column` of the evaluated script, one a line, innermost first. */
export function positionsOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return "";
  // The engine calls prepareStackTrace when the stack is looked at for the first time.
  void (thrown as { readonly stack?: unknown }).stack;
  return positions.get(thrown) ?? "";
}

function headOf(error: object): string {
  try {
    return String(error);
  } catch {
    return "Error";
  }
}
