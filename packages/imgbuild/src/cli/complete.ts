import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { byCodeUnit } from "@imgbuild/graph";
import { discover, findWorkspace } from "@imgbuild/loader";
import type { Options } from "yargs";
import type { Host } from "../host.ts";
import { evaluateTargets } from "../session/prepare.ts";
import { withSession } from "../session/session.ts";
import { commandName } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./options.ts";
import { readFlags } from "./read-flags.ts";

const WORDS: Readonly<Record<string, readonly string[]>> = {
  cache: ["gc", "stats", "verify"],
  completion: ["bash", "zsh"],
};

/** What may stand at the end of a line that is being typed, sorted. Nothing where only the shell can tell. Never throws. */
export async function complete(line: string, host: Host): Promise<readonly string[]> {
  const [, ...words] = line.trimStart().split(/\s+/);
  const current = words.at(-1) ?? "";
  const candidates = await candidatesFor(words.slice(0, -1), current, host).catch(() => []);
  return candidates.filter((candidate) => candidate.startsWith(current)).sort(byCodeUnit);
}

async function candidatesFor(before: readonly string[], current: string, host: Host): Promise<readonly string[]> {
  const spec = COMMANDS.find((each) => before.includes(commandName(each)));
  const options: Readonly<Record<string, Options>> = { ...GLOBAL_OPTIONS, ...spec?.options };
  const waiting = optionOf(before.at(-1) ?? "", options);
  if (waiting !== undefined && waiting.type !== "boolean") return (waiting.choices ?? []).map(String);
  if (/^-(?!\/)/.test(current)) return flagNames(options);
  if (spec === undefined) return COMMANDS.map(commandName);
  const words = WORDS[commandName(spec)];
  if (words !== undefined) return words;
  const labels = await labelsOf(before, host);
  return current.startsWith("-") ? labels.map((label) => `-${label}`) : labels;
}

function optionOf(word: string, options: Readonly<Record<string, Options>>): Options | undefined {
  return Object.entries(options).find(([name, { alias }]) => word === `--${name}` || word === `-${String(alias)}`)?.[1];
}

function flagNames(options: Readonly<Record<string, Options>>): string[] {
  // A flag that is on unless it is said otherwise is only ever said otherwise.
  return [
    "--help",
    ...Object.entries(options).map(([name, option]) => (option.default === true ? `--no-${name}` : `--${name}`)),
  ];
}

/** Every target, from the evaluation of the last build as a rule; definitions alone where they cannot be evaluated. */
async function labelsOf(before: readonly string[], host: Host): Promise<readonly string[]> {
  const at = before.findLastIndex((word) => word === "-C" || word === "--cwd");
  const cwd = resolve(host.cwd, (at < 0 ? undefined : before[at + 1]) ?? ".");
  const workspaceRoot = findWorkspace(cwd);
  try {
    const flags = { ...readFlags({ cwd, progress: "none" }, { labels: ["//..."], rest: [] }) };
    return await withSession(flags, host, async (session) => (await evaluateTargets(session, flags.labels)).labels);
  } catch {
    const cacheDir = existsSync(`${workspaceRoot}/cache`) ? "cache" : null;
    return discover({ workspaceRoot, cacheDir, now: () => host.now() }, "").map((dir) => `//${dir}`);
  }
}
