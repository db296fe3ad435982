import { readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import { buildSync } from "esbuild";
import { FIXTURES, fixture } from "./testing/fixtures.ts";

test("locks are read and closed in a context that has nothing but the language", () => {
  const bundle = buildSync({
    entryPoints: [join(__dirname, "index.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "npm",
    // As for a browser: "node" would choose a build of yaml that wants process and Buffer.
    platform: "neutral",
    mainFields: ["main"],
    logLevel: "silent",
  });
  const context = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
  vm.runInContext(bundle.outputFiles[0]?.text ?? "", context);
  context.lockText = JSON.stringify(fixture("monorepo").lock);
  context.pnpmText = readFileSync(join(FIXTURES, "monorepo.pnpm-lock.yaml"), "utf8");
  const counts = vm.runInContext(
    `const wanted = { workspace: "packages/api", platform: { os: "linux", architecture: "amd64", libc: "glibc" } };
     [npm.readPackageLock(lockText, { file: "l" }), npm.readPnpmLock(pnpmText, { file: "p" })]
       .map((lock) => npm.closureOf(lock, wanted))
       .map((closure) => npm.layoutOf(closure, { dest: "/app" }).entries.length + npm.dependencyOrder(closure).length)
       .join()`,
    context,
  );
  expect(counts).toMatch(/^\d{3},\d{3}$/);
});
