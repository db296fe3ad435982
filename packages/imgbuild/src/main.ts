import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { fromUnknown, ImgbuildError } from "@imgbuild/errors";
import { errorJson, formatError } from "@imgbuild/report";
import { exitCodeFor } from "./session/build-targets.ts";
import { runCli } from "./cli/run-cli.ts";
import type { Host } from "./host.ts";
import { findWorkspaceQuietly } from "./session/find-workspace-quietly.ts";
import { lineReader, wantsColour } from "./session/reporting.ts";

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const controller = new AbortController();
let received: keyof typeof SIGNALS | undefined;
for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
  process.on(name, () => {
    // Whoever asks twice means now.
    if (received !== undefined) process.exit(128 + SIGNALS[name]);
    received = name;
    controller.abort(new ImgbuildError("cancelled", `Cannot go on: ${name} was received`));
  });
}
// A reader that goes away (`| head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.stderr.on("error", () => undefined);

const readPackage = (): { readonly version: string } =>
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { readonly version: string };

const host: Host = {
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  pid: process.pid,
  hostname: hostname(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => Date.now(),
  clock: () => performance.now(),
  signal: controller.signal,
  runtimeCode: () => readFileSync(new URL("./define-runtime.js", import.meta.url), "utf8"),
  version: readPackage().version,
};

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const code = await runCli(host);
    return received === undefined ? code : 128 + SIGNALS[received];
  } catch (thrown) {
    const error = fromUnknown(thrown, "Internal error");
    report(error, thrown);
    return received === undefined ? exitCodeFor([error]) : 128 + SIGNALS[received];
  }
}

function report(error: ImgbuildError, thrown: unknown): void {
  const json = host.argv.includes("--json") || ["1", "true", "yes", "on"].includes(host.env.IMGBUILD_JSON ?? "");
  if (json) host.stdout.write(`${JSON.stringify({ v: 1, t: Math.round(host.clock()), type: "error", error: errorJson(error) })}\n`);
  else {
    const colour = wantsColour({ color: undefined }, host);
    const readLine = lineReader(findWorkspaceQuietly(host));
    host.stderr.write(`${formatError(error, { colour, readLine })}\n`);
  }
  if (host.env.IMGBUILD_DEBUG && thrown instanceof Error) host.stderr.write(`${thrown.stack ?? ""}\n`);
}
