import type { Host } from "../host.ts";
import { readSimpleCommandLine } from "./simple-command-line.ts";

/** Reads the command line and runs the command; resolves to the exit code. Throws {@link ImgbuildError}. */
export async function runCli(host: Host): Promise<number> {
  const [first, line] = host.argv;
  // What the completion scripts call; no command of its own, so that help and completion do not name it.
  if (first === "__complete") {
    const { complete } = await import("./complete.ts");
    for (const candidate of await complete(line ?? "", host)) host.stdout.write(`${candidate}\n`);
    return 0;
  }
  const read = readSimpleCommandLine(host) ?? (await (await import("./yargs-command-line.ts")).readCommandLine(host));
  if (read === undefined) return 0;
  const run = await read.spec.load();
  return run(read.flags, host);
}
