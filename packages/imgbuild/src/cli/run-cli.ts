import yargs, { type Argv } from "yargs";
import { ImgbuildError } from "@imgbuild/errors";
import type { Host } from "../host.ts";
import { COMMANDS, type CommandSpec } from "./commands.ts";
import { completeLabels } from "./complete-labels.ts";
import { withEnvironment } from "./environment.ts";
import type { Flags } from "./parsed-flags.ts";
import { GLOBAL_OPTIONS } from "./options.ts";

/** A label that starts with a dash would be read as a flag: it travels behind this. */
const EXCLUDE = "\u0001";

/** Parses the command line and runs the command; resolves to the exit code. Throws {@link ImgbuildError}. */
export async function runCli(host: Host): Promise<number> {
  const split = host.argv.indexOf("--");
  const words = split < 0 ? host.argv : host.argv.slice(0, split);
  const rest = split < 0 ? [] : host.argv.slice(split + 1);
  const hidden = words.map((word) => (/^-(\/\/|\.{1,2}\/)/.test(word) ? EXCLUDE + word : word));
  let code = 0;
  const parser = parserOf(hidden, host);
  for (const spec of COMMANDS) {
    parser.command(spec.usage, spec.describe, (args) => commandOf(args, spec, host), async (args) => {
      const run = await spec.load();
      code = await run(flagsOf(args, rest), host);
    });
  }
  await parser.parseAsync();
  return code;
}

function parserOf(words: readonly string[], host: Host): Argv {
  return yargs([...words])
    .scriptName("imgbuild")
    .usage("Usage: $0 <command> [flags]\n\nBuilds Docker and OCI images from TypeScript definitions, without Docker.")
    .options(withEnvironment(GLOBAL_OPTIONS, host.env))
    .parserConfiguration({ "duplicate-arguments-array": false, "strip-aliased": false })
    .completion("completion", "Print a completion script for bash or zsh", async (current, argv) =>
      completeLabels(current, argv, host),
    )
    .version(host.version)
    .help()
    .alias("help", "h")
    .wrap(Math.min(host.stderr.columns ?? 100, 110))
    .demandCommand(1, "No command is given")
    .strict()
    .recommendCommands()
    .showHelpOnFail(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new ImgbuildError("usage", usageMessage(message), { hint: "Run `imgbuild --help`" });
    });
}

function commandOf(args: Argv, spec: CommandSpec, host: Host): Argv {
  return args
    .positional("labels", { type: "string", array: true, describe: "Targets: //images/api, //images/api:debug, //images/..., -//x to leave out" })
    .options(withEnvironment(spec.options, host.env));
}

/** yargs speaks in several sentences; ours is one line without a full stop. */
function usageMessage(message: string): string {
  const line = message.replace(/\s*\n\s*/g, ": ").replace(/[.\s]+$/, "");
  return `Cannot read the command line: ${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}

function flagsOf(args: Readonly<Record<string, unknown>>, rest: readonly string[]): Flags {
  const labels = (args.labels as string[] | undefined) ?? [];
  const jobs = args.jobs as number | undefined;
  if (jobs !== undefined && (!Number.isInteger(jobs) || jobs < 1)) {
    throw new ImgbuildError("usage", `Cannot use --jobs ${String(jobs)}: wanted a whole number from 1 up`, { hint: "Write for example -j 4" });
  }
  return {
    labels: labels.map((label) => String(label).replace(EXCLUDE, "")),
    cwd: (args.cwd as string | undefined) ?? ".",
    cacheDir: args["cache-dir"] as string | undefined,
    jobs,
    keepGoing: args["keep-going"] === true,
    force: args.force === true,
    cache: args.cache !== false,
    output: args.output as string | undefined,
    format: (args.format as Flags["format"] | undefined) ?? "docker-archive",
    compression: args.compression as string | undefined,
    json: args.json === true || args.progress === "json",
    report: args.report as string | undefined,
    progress: args.progress as Flags["progress"],
    color: args.color as boolean | undefined,
    verbose: args.verbose === true,
    quiet: args.quiet === true,
    repair: args.repair === true,
    dryRun: args["dry-run"] === true,
    rest,
  };
}
