import { ImgbuildError } from "@imgbuild/errors";
import { didYouMean } from "@imgbuild/graph";
import yargs, { type Argv } from "yargs";
import { COMMAND_NAMES, commandOf, flagsOf, isCommand } from "./command-table.ts";
import { FLAG_NAMES, type FlagName, flagOf } from "./flags.ts";
import type { Request } from "./invocation.ts";

/** Marks a word that begins with `-` but is a label to leave out: no argument of a process can hold it. */
const LABEL_MARK = "\0";

/** Reads any command line. Throws `usage` for what is unknown or incomplete, with what is near. */
export async function readArguments(argv: readonly string[], version: string): Promise<Request> {
  if (argv.length === 0) return { kind: "text", text: await helpOf([], version) };
  const parsed = await parser(markLabels(argv), version).parseAsync();
  const { _: all, "--": rest, $0: _program, help, version: asksVersion, ...given } = parsed as Parsed;
  if (asksVersion === true) return { kind: "text", text: version };
  const [command = "", ...words] = all.map((word) => unmark(String(word)));
  if (help === true || command === "help") {
    const about = command === "help" ? words : [command];
    return { kind: "text", text: await helpOf(about.filter(isCommand), version) };
  }
  checkKnown(given, argv);
  if (command === "") throw usage("Cannot run: no command is given", `Write one of ${COMMAND_NAMES.join(", ")}`);
  if (!isCommand(command)) {
    const near = didYouMean(command, COMMAND_NAMES);
    throw usage(`Cannot run the command "${command}": there is none of that name${near}`, "Run `imgbuild --help`");
  }
  const flags = flagValues(given);
  const taken = flagsOf(command);
  for (const name of Object.keys(flags) as FlagName[]) {
    if (taken.includes(name)) continue;
    const near = `Run \`imgbuild ${command} --help\` to see the flags it takes`;
    throw usage(`Cannot use the flag "--${name}": the command "${command}" does not take it`, near);
  }
  if (rest !== undefined && commandOf(command).takesRest !== true) {
    throw usage(`Cannot use "--": the command "${command}" takes nothing after it`, "Leave it out");
  }
  const invocation = { command, words, rest: rest?.map(String) ?? null, flags };
  return { kind: "run", invocation };
}

interface Parsed {
  readonly _: readonly (string | number)[];
  readonly "--"?: readonly (string | number)[];
  readonly $0: string;
  readonly help?: unknown;
  readonly version?: unknown;
  readonly [flag: string]: unknown;
}

function parser(argv: readonly string[], version: string): Argv {
  let instance = yargs([...argv])
    .scriptName("imgbuild")
    .usage("$0 COMMAND [FLAGS]\n\nBuilds Docker and OCI images from TypeScript definitions, without Docker.")
    .locale("en")
    .exitProcess(false)
    .help(false)
    .version(false)
    .option("help", { alias: "h", type: "boolean", describe: "Show help" })
    .option("version", { type: "boolean", describe: `Show the version (${version})` })
    .parserConfiguration({
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "duplicate-arguments-array": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "populate--": true,
      "strip-aliased": true,
    });
  for (const name of FLAG_NAMES) {
    const { alias, type } = flagOf(name);
    instance = instance.option(name, { type, ...(alias === undefined ? {} : { alias }), hidden: true });
  }
  return instance;
}

/** The help of the program, or of the first command named. */
async function helpOf(commands: readonly string[], version: string): Promise<string> {
  let instance = parser([], version).wrap(100);
  const [command] = commands;
  const shown = command !== undefined && isCommand(command) ? flagsOf(command) : [];
  if (command !== undefined && isCommand(command)) {
    const { usage: words, describe } = commandOf(command);
    instance = instance.usage(`$0 ${command} ${words}\n\n${describe}.`);
  } else {
    for (const name of COMMAND_NAMES) {
      instance = instance.command(`${name} ${commandOf(name).usage.replaceAll(/[[\]<>]/g, "")}`, commandOf(name).describe);
    }
    instance = instance.epilogue(EPILOGUE);
  }
  for (const name of shown) {
    const { choices, describe, value } = flagOf(name);
    const what = choices?.join("|") ?? value;
    instance = instance.option(name, { hidden: false, describe: what === undefined ? describe : `${what}: ${describe}` });
  }
  return instance.getHelp();
}

const EPILOGUE = [
  "Labels: //dir (default export of dir/image.ts), //dir:name (named export), //dir/... (all below), -//dir (leave out).",
  "Every flag --some-flag has a variable IMGBUILD_SOME_FLAG. `imgbuild COMMAND --help` shows the flags of a command.",
].join("\n");

/** `-//images/old` is a label to leave out; yargs would read a row of one-letter flags. */
function markLabels(argv: readonly string[]): string[] {
  const end = argv.indexOf("--");
  return argv.map((token, i) => ((end < 0 || i < end) && /^-\.{0,2}\//.test(token) ? `${LABEL_MARK}${token}` : token));
}

function unmark(word: string): string {
  return word.startsWith(LABEL_MARK) ? word.slice(1) : word;
}

function checkKnown(given: Readonly<Record<string, unknown>>, argv: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if ((FLAG_NAMES as readonly string[]).includes(name)) continue;
    const dashes = name.length === 1 ? "-" : "--";
    const near = name.length === 1 ? "" : didYouMean(name, FLAG_NAMES).replaceAll('"', '"--').replaceAll(/"--(?=[ ?)])/g, '"');
    const typed = argv.find((token) => token.startsWith(`-${name}`) && token.length > 2);
    const hint =
      dashes === "-" && typed !== undefined
        ? `Write "-//${typed.slice(1)}" to leave out a target; \`imgbuild --help\` shows all flags`
        : "Run `imgbuild COMMAND --help` to see the flags of a command";
    throw usage(`Cannot use the flag "${dashes}${name}": there is none of that name${near}`, hint);
  }
}

function flagValues(given: Readonly<Record<string, unknown>>): Partial<Record<FlagName, string | boolean>> {
  const flags: Partial<Record<FlagName, string | boolean>> = {};
  for (const name of FLAG_NAMES) {
    const value = given[name];
    if (value === undefined) continue;
    if (typeof value !== "string" && typeof value !== "boolean") {
      throw usage(`Cannot use the flag "--${name}": it is given twice`, "Give it once");
    }
    if (value === "") throw usage(`Cannot use the flag "--${name}": it has no value`, `Write --${name}=${flagOf(name).value ?? "VALUE"}`);
    flags[name] = typeof value === "string" ? unmark(value) : value;
  }
  return flags;
}

function usage(message: string, hint: string): ImgbuildError {
  return new ImgbuildError("usage", message, { hint });
}
