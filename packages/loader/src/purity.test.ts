import { TestWorkspace } from "./testing.ts";

/** What a definition with this body at line 2 makes imgbuild say. */
async function say(body: string): Promise<string[]> {
  const workspace = new TestWorkspace({
    "a/image.ts": `import { buildImage } from "imgbuild";\n${body}\nexport default buildImage({ name: "a" });\n`,
  });
  try {
    return await workspace.complaints();
  } finally {
    workspace.remove();
  }
}

describe("clock, randomness and locale", () => {
  test.each([
    ["Date.now();", "Date.now"],
    ["new Date();", "new Date()"],
    ["Date();", "Date()"],
    ["new (new Date(0).constructor as any)();", "new Date()"],
    ["const unused = new Date();", "new Date()"],
    ["class D extends Date {}; new D();", "new Date()"],
    ["Reflect.construct(Date, []);", "new Date()"],
    ["new Date(2020, 1, 1);", "new Date(year, month, …)"],
    ['new Date("2020-01-01T00:00:00");', 'the local time "2020-01-01T00:00:00"'],
    ["new Date(0).getHours();", "Date.prototype.getHours"],
    ["String(new Date(0));", "Date.prototype.toString"],
    ["Math.random();", "Math.random"],
    ['"a".localeCompare("b");', "localeCompare"],
    ["(1.5).toLocaleString();", "toLocaleString"],
    ["new Intl.DateTimeFormat();", "Intl"],
    ["performance.now();", "performance"],
    ["crypto.randomUUID();", "crypto"],
  ])("%s is refused at its place with a hint", async (body, what) => {
    const [first, ...rest] = await say(body);
    expect(first).toMatch(/^impure-definition a\/image\.ts:2:\d+ /);
    expect(first).toContain(`Cannot use ${what} in a definition`);
    expect(rest).toEqual([]);
  });

  test.each([
    "if (new Date(0).toISOString() !== '1970-01-01T00:00:00.000Z') throw new Error('x');",
    "if (new Date('2020-01-01').getTime() !== 1577836800000) throw new Error('x');",
    "if (new Date('2020-01-01T00:00:00+01:00').getUTCHours() !== 23) throw new Error('x');",
    "if (!(new Date(0) instanceof Date) || Date.UTC(1970, 0) !== 0) throw new Error('x');",
    "if (new Date(new Date(5)).getTime() !== 5) throw new Error('x');",
  ])("%s is allowed", async (body) => {
    expect(await say(body)).toEqual([]);
  });
});

describe("the world outside", () => {
  test.each([
    "process.exit(3);",
    "process.env.HOME;",
    'require("fs");',
    'fetch("x");',
    "setTimeout(() => {}, 1);",
    "Buffer.from('x');",
    "__dirname;",
    "new WeakRef({});",
    "new SharedArrayBuffer(8);",
    "WebAssembly.Memory;",
    "Atomics.notify;",
    'eval("1");',
    'new Function("return 1")();',
    'const f = "constructor"; ((() => {}) as any)[f]("return process")();',
    '(globalThis as any).constructor.constructor("return process")();',
    '(buildImage as any).constructor("return process")();',
    '(console.log as any).constructor("return process")();',
    "console.log(import.meta.url);",
  ])("%s is refused", async (body) => {
    const [first] = await say(body);
    expect(first).toMatch(/^impure-definition a\/image\.ts:2:\d+ /);
  });

  test.each([
    'const n = "fs"; export const p = import(n + "");',
    'export const p = import("./x.ts");',
    "export const p = (async () => 1)();",
    "export const p = Promise.resolve().then(() => { for (;;); });",
    "new Promise(() => {});",
    "async function* g() { yield 1; } export const p = g().next();",
    "const C: any = Object.getPrototypeOf(async () => {}).constructor; new C('return 1')();",
  ])("%s is refused: nothing runs later, and no promise of the host is there", async (body) => {
    const workspace = new TestWorkspace({
      "a/image.ts": `import { buildImage } from "imgbuild";\n${body}\nexport default buildImage({ name: "a" });\n`,
      "a/x.ts": "export const x = 1;",
    });
    const [first, ...rest] = await workspace.complaints();
    expect(first).toMatch(/^(impure-)?definition a\/image\.ts:2:\d+ Cannot use (a promise|require|eval)/);
    expect(rest).toEqual([]);
    workspace.remove();
  });

  test("a full stack while asking the host gives no error of the host", async () => {
    const body = `import { env } from "imgbuild";
      let found = "";
      const dig = () => {
        try { dig(); } catch {}
        try { env("X", { default: "" }); } catch (e: any) {
          try { found = String(e.constructor.constructor("return process")().pid); } catch {}
        }
      };
      try { dig(); } catch {}
      if (found !== "") throw new Error("escaped");`;
    expect(await say(body)).toEqual([]);
  });

  test("stack traces cannot be intercepted", async () => {
    const body = `let seen = 0;
      (Error as any).prepareStackTrace = () => { seen++; return ""; };
      new Error("x").stack;
      if (seen > 0) throw new Error("intercepted");`;
    expect(await say(body)).toEqual([]);
  });

  test("a stack tells neither the machine nor the place in the bundle", async () => {
    const body = `const holder: any = {}; Error.captureStackTrace(holder);
      const stacks = [new Error("x").stack, holder.stack];
      if (stacks.join() !== "Error: x,[object Object]") throw new Error(stacks.join());`;
    expect(await say(body)).toEqual([]);
  });

  test.each(["main.toString()", "String(Main)", "`${main}`"])("%s is refused: the bundle decides it", async (use) => {
    const [first] = await say(`function main() {} class Main {} export const x = ${use};`);
    expect(first).toMatch(/^impure-definition a\/image\.ts:2:\d+ Cannot use the source text of a function/);
  });

  test("functions of the language keep their text, which libraries compare", async () => {
    const body = `for (const native of [Object, Map, parseInt])
      if (!/native code/.test(Function.prototype.toString.call(native))) throw new Error("changed");`;
    expect(await say(body)).toEqual([]);
  });

  test("a package may look at the text of functions, and for the global object under its name in Node", async () => {
    const workspace = new TestWorkspace({
      "a/image.ts":
        'import { buildImage } from "imgbuild";\nimport { name } from "looker";\nexport default buildImage({ name });\n',
      "node_modules/looker/package.json": '{"name":"looker","main":"index.js"}',
      "node_modules/looker/index.js": `
        var root = (typeof global == "object" && global && global.Object === Object && global) || Function("return this")();
        var isNative = function (f) { return typeof f == "function" && /native code/.test(Function.prototype.toString.call(f)); };
        if (isNative(root.Promise)) root.Promise.resolve();
        exports.name = isNative(function own() {}) ? "wrong" : "right";
        exports.loaded = [Date.now(), new Date().getTime(), Math.random()].join();
        exports.later = function () { return Date.now(); };`,
    });
    const { graph } = await workspace.evaluate();
    expect(graph.targets.map((target) => target.image?.name)).toEqual(["right"]);
    workspace.write({
      "a/image.ts":
        'import { buildImage } from "imgbuild";\nimport { loaded, later } from "looker";\nif (loaded !== "0,0,0.5") throw new Error(loaded);\nexport default buildImage({ name: "x", tag: String(later()) });\n',
    });
    const [complaint] = await workspace.complaints();
    expect(complaint).toMatch(/^impure-definition a\/image\.ts:4:\d+ Cannot use Date\.now/);
    workspace.remove();
  });

  test("names of functions and classes do not depend on what else is evaluated", async () => {
    const definition = `import { buildImage } from "imgbuild";
      function main() {}
      class Main {}
      const arrow = () => {};
      export default buildImage({ name: "x", config: { Cmd: [main.name, Main.name, arrow.name] } });`;
    const workspace = new TestWorkspace({ "a/image.ts": definition, "b/image.ts": definition });
    const { graph } = await workspace.evaluate();
    expect(new Set(graph.targets.map((target) => target.derivation)).size).toBe(1);
    workspace.remove();
  });

  test.each(["fs", "node:fs", "node:fs/promises", "path", "node:test", "child_process"])(
    "importing %s is refused at the import",
    async (name) => {
      const [first] = await say(`import * as x from "${name}"; console.log(x);`);
      expect(first).toMatch(/^impure-definition a\/image\.ts:2:20 Cannot load "a\/image\.ts": it imports "/);
    },
  );

  test("an import that is only for types is no import", async () => {
    expect(await say('import type { Stats } from "node:fs"; export type S = Stats;')).toEqual([]);
  });

  test("an endless loop ends with an error that names the definition", async () => {
    const workspace = new TestWorkspace({ "a/image.ts": "for (;;);" });
    expect(await workspace.complaints("//a", { timeLimitMs: 200 })).toEqual([
      'definition a/image.ts:1:1 Cannot evaluate "a/image.ts": it ran for more than 0.2 seconds',
    ]);
    workspace.remove();
  });

  test("what is printed becomes a warning with its place, and is said again from the cache", async () => {
    const workspace = new TestWorkspace({
      "a/image.ts":
        'import { buildImage } from "imgbuild";\nconsole.log("hi", { a: 1 });\nexport default buildImage({ name: "a" });',
    });
    const first = await workspace.evaluate();
    const again = await workspace.evaluate();
    expect(first.warnings).toEqual(['a/image.ts:2:9: hi {"a":1}']);
    expect([again.cached, again.warnings]).toEqual([true, first.warnings]);
    workspace.remove();
  });
});
