import { isAbsolute, resolve } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import { didYouMean } from "@imgbuild/graph";
import type { Compression } from "@imgbuild/tar";
import type { World } from "../world.ts";
import { type FlagName, type FlagValues, flagOf, variableOf } from "./flags.ts";
import { parseCompression } from "./parse-compression.ts";

/** What flags and variables say, with defaults: flag before variable before default. Paths are absolute. */
export interface Settings {
  readonly cwd: string;
  /** Undefined: what the workspace says. */
  readonly cacheDir: string | undefined;
  readonly json: boolean;
  readonly report: string | undefined;
  readonly progress: "auto" | "plain" | "json" | "none" | undefined;
  readonly colour: boolean;
  readonly verbosity: "quiet" | "normal" | "verbose";
  readonly jobs: number;
  readonly keepGoing: boolean;
  readonly force: boolean;
  readonly noCache: boolean;
  readonly output: string | undefined;
  readonly format: "docker-archive" | "oci-archive" | "oci-layout" | undefined;
  readonly compression: Compression | undefined;
  /** Flags of single commands, as given. */
  readonly raw: Source;
}

/** Where values come from: flags first, then the environment. */
export interface Source {
  text(flag: FlagName): string | undefined;
  isSet(flag: FlagName): boolean;
}

const MAX_JOBS = 1024;

/** Resolves the settings of an invocation. Throws `usage` naming the flag or variable that is wrong. */
export function settingsOf(flags: FlagValues, world: World): Settings {
  const source = sourceOf(flags, world.env);
  const cwd = resolve(world.cwd, source.text("cwd") ?? ".");
  const at = (path: string | undefined): string | undefined =>
    path === undefined || isAbsolute(path) ? path : resolve(cwd, path);
  const compression = source.text("compression");
  return {
    cwd,
    cacheDir: at(source.text("cache-dir")),
    json: source.isSet("json"),
    report: at(source.text("report")),
    progress: choice(source, "progress", ["auto", "plain", "json", "none"]),
    colour: wantsColour(choice(source, "color", ["auto", "always", "never"]) ?? "auto", world),
    verbosity: source.isSet("quiet") ? "quiet" : source.isSet("verbose") ? "verbose" : "normal",
    jobs: jobsOf(source.text("jobs"), world.cpus),
    keepGoing: source.isSet("keep-going"),
    force: source.isSet("force"),
    noCache: source.isSet("no-cache"),
    output: at(source.text("output")),
    format: choice(source, "format", ["docker-archive", "oci-archive", "oci-layout"]),
    compression: compression === undefined ? undefined : parseCompression(compression),
    raw: source,
  };
}

function sourceOf(flags: FlagValues, env: World["env"]): Source {
  return {
    text(name) {
      const value = flags[name];
      if (typeof value === "string") return value;
      const variable = env[variableOf(name)];
      return variable === "" ? undefined : variable;
    },
    isSet(name) {
      const value = flags[name];
      if (typeof value === "boolean") return value;
      return readBoolean(variableOf(name), env[variableOf(name)] ?? "");
    },
  };
}

function readBoolean(variable: string, text: string): boolean {
  if (["1", "true", "yes", "on"].includes(text.toLowerCase())) return true;
  if (["", "0", "false", "no", "off"].includes(text.toLowerCase())) return false;
  throw new ImgbuildError("usage", `Cannot use ${variable}=${JSON.stringify(text)}: wanted 1 or 0`, {
    hint: `Set ${variable} to 1 or 0, or unset it`,
  });
}

function choice<T extends string>(source: Source, flag: FlagName, choices: readonly T[]): T | undefined {
  const text = source.text(flag);
  if (text === undefined) return undefined;
  const found = choices.find((each) => each === text);
  if (found !== undefined) return found;
  const wanted = `wanted ${choices.join(", ")}${didYouMean(text, choices)}`;
  throw new ImgbuildError("usage", `Cannot use --${flag} ${JSON.stringify(text)}: ${wanted}`, {
    hint: `${flagOf(flag).describe.replace(/ \[.*/, "")}: --${flag} ${choices[0]}`,
  });
}

function jobsOf(text: string | undefined, cpus: number): number {
  if (text === undefined) return Math.max(1, cpus);
  const jobs = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (jobs >= 1 && jobs <= MAX_JOBS) return jobs;
  throw new ImgbuildError("usage", `Cannot use --jobs ${JSON.stringify(text)}: wanted a number from 1 to ${MAX_JOBS}`, {
    hint: "Leave it out for one step a CPU",
  });
}

function wantsColour(choice: "auto" | "always" | "never", { env, stderr }: World): boolean {
  if (choice !== "auto") return choice === "always";
  if ((env.NO_COLOR ?? "") !== "") return false;
  if ((env.FORCE_COLOR ?? "") !== "") return env.FORCE_COLOR !== "0";
  return stderr.isTTY && env.TERM !== "dumb";
}
