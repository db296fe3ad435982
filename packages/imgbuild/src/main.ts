import { setMaxListeners } from "node:events";
import { readFileSync, realpathSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { fromUnknown, ImgbuildError } from "@imgbuild/errors";
import { formatError, jsonReporter } from "@imgbuild/report";
import { runCli } from "./cli/run-cli.ts";
import type { Host } from "./host.ts";
import { exitCodeFor } from "./session/build-targets.ts";
import { findWorkspaceQuietly } from "./session/find-workspace-quietly.ts";
import { lineReader, wantsColour } from "./session/reporting.ts";
import { wasTold } from "./session/told-errors.ts";

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const controller = new AbortController();
// Whatever runs at once listens to it: hundreds of images are no leak that Node should warn of.
setMaxListeners(0, controller.signal);
let received: keyof typeof SIGNALS | undefined;
for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
  process.on(name, () => {
    // Whoever asks twice means now.
    if (received !== undefined) process.exit(128 + SIGNALS[name]);
    received = name;
    controller.abort(new ImgbuildError("cancelled", `Cannot go on: ${name} was received`));
  });
}
let unwritten: Error | undefined;
// A reader that goes away (`| head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") unwritten ??= error;
});
// Such an error arrives after the write, at times after the command: the end of the process is where it cannot be missed.
process.on("exit", (code) => {
  if (unwritten === undefined || code !== 0) return;
  const error = fromUnknown(unwritten, "Cannot write the results");
  report(error, unwritten);
  process.exitCode = exitCodeFor([error]);
});
process.stderr.on("error", () => undefined);

const readPackage = (): { readonly version: string } =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as { readonly version: string };

/** Throws `usage` when it was removed under us. */
const currentDirectory = (): string => {
  try {
    return process.cwd();
  } catch (cause) {
    throw new ImgbuildError("usage", "Cannot find the current directory: it was removed", {
      hint: "Change to a directory that exists",
      cause,
    });
  }
};

/** An id without an entry in the user database has no name. */
const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? "");
  }
};

const host: Host = {
  argv: process.argv.slice(2),
  env: process.env,
  get cwd() {
    return currentDirectory();
  },
  pid: process.pid,
  hostname: hostname(),
  platform: process.platform,
  get node() {
    const name = `node ${process.version} ${process.platform}/${process.arch}`;
    return { path: realpathSync(process.execPath), name };
  },
  get user() {
    return { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1, name: userName() };
  },
  // Opening it loads the modules of sockets and terminals.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => Date.now(),
  clock: () => performance.now(),
  signal: controller.signal,
  get signalExit() {
    return received === undefined ? undefined : 128 + SIGNALS[received];
  },
  runtimeCode: () => readFileSync(join(import.meta.dirname, "define-runtime.js"), "utf8"),
  version: readPackage().version,
};

for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (thrown: unknown) => {
    const error = fromUnknown(thrown, "Internal error");
    report(error, thrown);
    process.exit(exitCodeFor([error]));
  });
}

// What a promise that never settles would end with.
process.exitCode = exitCodeFor([new ImgbuildError("internal", "Internal error: the command did not end")]);
void main().then((code) => {
  process.exitCode = code;
});

async function main(): Promise<number> {
  try {
    const code = await runCli(host);
    return host.signalExit ?? code;
  } catch (thrown) {
    const error = fromUnknown(thrown, "Internal error");
    report(error, thrown);
    return host.signalExit ?? exitCodeFor([error]);
  }
}

function report(failure: ImgbuildError, thrown: unknown): void {
  if (wasTold(failure)) return;
  const error = failure.code === "internal" && failure.hint === undefined ? withReportHint(failure) : failure;
  const events = eventStream(host);
  if (events !== undefined) {
    jsonReporter({ write: (text) => events.write(text), now: () => host.clock() }).emit({ type: "error", error });
  } else {
    const colour = wantsColour({ color: undefined }, host);
    const readLine = lineReader(findWorkspaceQuietly(host));
    host.stderr.write(`${formatError(error, { colour, readLine })}\n`);
  }
  if (host.env.IMGBUILD_DEBUG && thrown instanceof Error) host.stderr.write(`${thrown.stack ?? ""}\n`);
}

/** Where events go as JSON, if they do. Also for a command line that could not be read. */
function eventStream({ argv, env, stdout, stderr }: Host): Pick<Host["stdout"], "write"> | undefined {
  const end = argv.indexOf("--");
  const words = argv.slice(0, end < 0 ? undefined : end);
  const said = words.includes("--json") || ["1", "true", "yes", "on"].includes(env.IMGBUILD_JSON ?? "");
  // What cannot be written to is no place to say so.
  if (said) return unwritten === undefined ? stdout : undefined;
  const at = words.lastIndexOf("--progress");
  const progress = at < 0 ? words.find((word) => word.startsWith("--progress="))?.slice(11) : words[at + 1];
  return (progress ?? env.IMGBUILD_PROGRESS) === "json" ? stderr : undefined;
}

function withReportHint(error: ImgbuildError): ImgbuildError {
  const hint = "This is a bug of imgbuild: report it with the output of the same command under IMGBUILD_DEBUG=1";
  return new ImgbuildError(error.code, error.message, {
    hint,
    position: error.position,
    cause: error.cause,
    related: error.related,
  });
}
