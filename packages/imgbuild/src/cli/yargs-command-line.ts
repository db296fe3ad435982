import { ImgbuildError } from "@imgbuild/errors";
import { didYouMean } from "@imgbuild/graph";
import yargs, { type Argv } from "yargs";
import type { Host } from "../host.ts";
import { type CommandLine, commandName, wordsName } from "./command-line.ts";
import { COMMANDS, type CommandSpec } from "./commands.ts";
import { withEnvironment } from "./environment.ts";
import { GLOBAL_OPTIONS } from "./options.ts";
import { readFlags } from "./read-flags.ts";

/** A label that starts with a dash would be read as a flag: it travels behind this. */
const EXCLUDE = "\u0001";

/** Reads any command line. Undefined when all it asked for was help or a version. Throws `usage`. */
export async function readCommandLine(host: Host): Promise<CommandLine | undefined> {
  const split = host.argv.indexOf("--");
  const words = split < 0 ? host.argv : host.argv.slice(0, split);
  const rest = split < 0 ? [] : host.argv.slice(split + 1);
  const hidden = words.map((word) => (/^-(\/\/|\.{1,2}\/)/.test(word) ? EXCLUDE + word : word));
  let found: CommandLine | undefined;
  const parser = parserOf(hidden, host);
  for (const spec of COMMANDS) {
    parser.command(
      spec.usage,
      spec.describe,
      (args) => optionsOf(args, spec, host),
      (args) => {
        if (split >= 0 && commandName(spec) !== "run") throw wrong(`"${commandName(spec)}" takes nothing after "--"`);
        found = { spec, flags: flagsOf(args, wordsName(spec), rest) };
      },
    );
  }
  await parser.parseAsync();
  return found;
}

function parserOf(words: readonly string[], host: Host): Argv {
  return yargs([...words])
    .scriptName("imgbuild")
    .usage("Usage: $0 <command> [flags]\n\nBuilds Docker and OCI images from TypeScript definitions, without Docker.")
    .options(withEnvironment(GLOBAL_OPTIONS, host.env))
    .parserConfiguration({
      "strip-aliased": false,
      "parse-positional-numbers": false,
      "dot-notation": false,
    })
    .locale("en")
    .version(host.version)
    .help()
    .alias("help", "h")
    .epilogue(
      "Labels: //dir is the default export of dir/image.ts, //dir:name its named export, //dir/... all below, -//dir leaves out.\n" +
        "Every flag has a variable: --cache-dir is IMGBUILD_CACHE_DIR. `imgbuild COMMAND --help` shows the flags of a command.",
    )
    .wrap(Math.min(host.stderr.columns ?? 100, 120))
    .demandCommand(1, "no command is given")
    .strict()
    .showHelpOnFail(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof ImgbuildError ? error : wrong(explain(message || error?.message, host.argv));
    });
}

function optionsOf(args: Argv, spec: CommandSpec, host: Host): Argv {
  return args
    .positional(wordsName(spec), {
      type: "string",
      array: true,
      describe: spec.words ?? "Targets: //images/api, //images/api:debug, //images/..., -//x to leave out",
    })
    .options(withEnvironment(spec.options, host.env));
}

/** yargs names the dashless word, in sentences of its own. */
function explain(message: string, argv: readonly string[]): string {
  if (/^Not enough non-option/.test(message)) return noWords(argv);
  const missing = /^Not enough arguments following: (.*)$/.exec(message);
  if (missing !== null) return `"${dashed(missing[1] ?? "")}" has no value`;
  const wrongChoice = /Argument: ([^,]*), Given: (.*), Choices: (.*)$/s.exec(message);
  if (wrongChoice !== null) return `"${dashed(wrongChoice[1] ?? "")}" is ${wrongChoice[2]}, wanted ${wrongChoice[3]}`;
  const unknown = /^Unknown (argument|command)s?: (.*)$/s.exec(message);
  if (unknown?.[2] === undefined) {
    const line = message.replace(/\s*\n\s*/g, ": ").replace(/[.\s]+$/, "");
    return `${line.charAt(0).toLowerCase()}${line.slice(1)}`;
  }
  const words = [...new Set(unknown[2].split(", "))];
  // After an unknown command its labels are unknown too: that is no news.
  const [first = "", ...others] = words;
  const flags = others.filter((word) => !argv.includes(word));
  return [first, ...flags].map((word) => unknownWord(word, argv)).join("; ");
}

/** That a flag is unknown is said first: it may be why a word was taken for its value. */
function noWords(argv: readonly string[]): string {
  const spec = COMMANDS.find((each) => argv.includes(commandName(each)));
  const known = Object.keys({ ...GLOBAL_OPTIONS, ...spec?.options });
  const names = argv.flatMap((word) => /^--(?:no-)?([^=]+)/.exec(word)?.[1] ?? []);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) return unknownWord(unknown, argv);
  return spec?.words === undefined
    ? "no label is given"
    : `nothing follows "${commandName(spec)}", wanted ${spec.words}`;
}

function dashed(flag: string): string {
  return flag.length === 1 ? `-${flag}` : `--${flag}`;
}

function unknownWord(word: string, argv: readonly string[]): string {
  const typed = argv.find((token) => token.startsWith("-") && token.replace(/^-+/, "").split("=", 1)[0] === word);
  if (typed === undefined && !argv.includes(word)) return `there is no flag "-${word}"`;
  if (typed === undefined) return `there is no command "${word}"${didYouMean(word, COMMANDS.map(commandName))}`;
  const options = { ...GLOBAL_OPTIONS, ...Object.assign({}, ...COMMANDS.map((spec) => spec.options)) };
  const known = Object.keys(options);
  if (known.includes(word)) return `this command does not take "--${word}"`;
  return `there is no flag "${typed.split("=", 1)[0]}"${didYouMean(word, [...known, "no-cache"]).replaceAll(/"(?=[a-z])/g, '"--')}`;
}

function flagsOf(
  args: Readonly<Record<string, unknown>>,
  words: string,
  rest: readonly string[],
): CommandLine["flags"] {
  const labels = ((args[words] as string[] | undefined) ?? []).map((label) => String(label).replace(EXCLUDE, ""));
  // Of a flag that is given several times the last counts. (With yargs' own setting for it, so does only the last label.)
  const last = Object.entries(args).map(([name, value]) => [name, Array.isArray(value) ? value.at(-1) : value]);
  return readFlags(Object.fromEntries(last), { labels, rest });
}

function wrong(what: string): ImgbuildError {
  return new ImgbuildError("usage", `Cannot read the command line: ${what}`, {
    hint: "Run `imgbuild --help`, or `imgbuild COMMAND --help` for the flags of a command",
  });
}
