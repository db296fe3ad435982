import { ImgbuildError } from "@imgbuild/errors";
import { hardenDate } from "./harden-date.ts";
import { impure } from "./impure.ts";
import { hideStacks, packageLoads } from "./stacks.ts";

const REMOVED = [
  "Atomics",
  "FinalizationRegistry",
  "Intl",
  "ShadowRealm",
  "SharedArrayBuffer",
  "Temporal",
  "WeakRef",
  "WebAssembly",
];

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts a method in place of another, as the language defines its own: not enumerable. */
function replaceMethod(target: object, name: string, method: Method): void {
  Object.defineProperty(target, name, { value: method, writable: true, enumerable: false, configurable: true });
}

/**
 * Takes clock, randomness, locale, time zone, garbage collection and shared memory out of this context. `warn` gets
 * what definitions print, `note` what they must not do but packages may. Must run before any code of a definition.
 */
export function harden(warn: (message: string) => void, note: (error: ImgbuildError) => void): void {
  for (const name of REMOVED) Reflect.deleteProperty(globalThis, name);
  replaceMethod(Math, "random", () => {
    if (packageLoads()) return 0.5;
    throw impure("Math.random", "Write the value out, or derive it from the inputs");
  });
  hardenDate();
  hardenLocale();
  hardenPromise();
  hardenFunctions(note);
  hideStacks();
  const print: Method = (...args) => warn(args.map(format).join(" "));
  const silent: Method = () => {};
  const methods = ["log", "info", "debug", "warn", "error", "trace", "dir", "table"];
  const quiet = ["group", "groupEnd", "groupCollapsed", "assert", "count", "time", "timeEnd", "timeLog"];
  const entries = [...methods.map((name) => [name, print] as const), ...quiet.map((name) => [name, silent] as const)];
  replaceMethod(globalThis, "console", Object.fromEntries(entries) as unknown as Method);
}

/**
 * Definitions are synchronous. The bundle is written so that every async function makes its promise with the global
 * `Promise`; without native promises nothing of a definition runs later, outside the time limit.
 */
function hardenPromise(): void {
  const fail: Method = () => {
    throw new ImgbuildError("definition", "Cannot use a promise in a definition: definitions are synchronous", {
      hint: "Remove async, await and import(): call functions directly, and import at the top",
    });
  };
  function NoPromise(): never {
    throw fail();
  }
  for (const name of ["all", "allSettled", "any", "race", "reject", "resolve", "try", "withResolvers"]) {
    replaceMethod(NoPromise, name, fail);
  }
  replaceMethod(globalThis, "Promise", NoPromise);
  Reflect.deleteProperty(Array, "fromAsync");
}

/**
 * The bundle's text of a function has other names when other definitions are evaluated with it, and no types. Packages
 * that look at functions only ask whether they are native: they get an answer, and go on.
 */
function hardenFunctions(note: (error: ImgbuildError) => void): void {
  const original = Function.prototype.toString;
  replaceMethod(Function.prototype, "toString", function (this: unknown): string {
    const text = original.call(this);
    if (text.endsWith("{ [native code] }")) return text;
    note(impure("the source text of a function", "Put the script into a file of its own, or into a string"));
    return `function ${(this as { readonly name?: unknown }).name}() { [source] }`;
  });
}

function hardenLocale(): void {
  const fail = (what: string, hint: string): Method => {
    return () => {
      throw impure(what, hint);
    };
  };
  const compare = "Compare with <, or sort without a comparing function";
  replaceMethod(String.prototype, "localeCompare", fail("localeCompare", compare));
  replaceMethod(String.prototype, "toLocaleUpperCase", fail("toLocaleUpperCase", "Use toUpperCase"));
  replaceMethod(String.prototype, "toLocaleLowerCase", fail("toLocaleLowerCase", "Use toLowerCase"));
  const typed = Object.getPrototypeOf(Uint8Array.prototype) as object;
  for (const target of [Number.prototype, BigInt.prototype, Array.prototype, Object.prototype, typed]) {
    replaceMethod(target, "toLocaleString", fail("toLocaleString", "Use String(x) or toString"));
  }
}

function format(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
