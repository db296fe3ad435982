// Jest's global setup: makes packages/imgbuild/dist again when a source is newer, so that tests run the current program.
const { spawnSync } = require("node:child_process");
const { existsSync, readdirSync, statSync } = require("node:fs");
const { join, resolve } = require("node:path");

const root = resolve(__dirname, "../..");
const script = join(root, "packages/imgbuild/bundle.mjs");
const product = join(root, "packages/imgbuild/dist/cli.cjs");

/** The latest modification of what goes into the bundle, in milliseconds. */
function newestSource() {
  let newest = statSync(script).mtimeMs;
  for (const name of readdirSync(join(root, "packages"))) {
    const dir = join(root, "packages", name, "src");
    if (!existsSync(dir)) continue;
    for (const file of readdirSync(dir, { recursive: true })) {
      if (/\.ts$/.test(file) && !/\.test\.ts$/.test(file)) newest = Math.max(newest, statSync(join(dir, file)).mtimeMs);
    }
  }
  return newest;
}

module.exports = () => {
  delete process.env.IMGBUILD_BUNDLE_ERROR;
  if (existsSync(product) && statSync(product).mtimeMs > newestSource()) return;
  const done = spawnSync(process.execPath, [script], { encoding: "utf8" });
  // Tests that do not run the program go on; those that do fail with this text (testkit/src/cli-process.ts).
  if (done.status !== 0) process.env.IMGBUILD_BUNDLE_ERROR = `The program could not be bundled:\n${done.stderr}`;
};
