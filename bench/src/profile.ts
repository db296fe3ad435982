import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { SourceMap } from "node:module";
import { basename, join } from "node:path";
import type { Contender } from "./suite.ts";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children?: readonly number[];
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const TOP = 14;

/** Runs a contender once more under --cpu-prof and gives what each of its busy threads did, by source file. */
export async function profileContender(contender: Contender, directory: string): Promise<string> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await contender.prepare?.();
  await contender.run(["--cpu-prof", "--cpu-prof-interval", "500", "--cpu-prof-dir", directory]);
  const files = readdirSync(directory).map((name) => join(directory, name));
  files.sort((a, b) => statSync(b).size - statSync(a).size);
  return files.map((file) => `${basename(file)}\n${topOf(file)}`).join("\n");
}

function topOf(file: string): string {
  const profile = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
  const own = new Map<number, number>();
  for (const [index, id] of profile.samples.entries())
    own.set(id, (own.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const labelOf = sourceLabels();
  const self = new Map<string, number>();
  const total = new Map<string, number>();
  const walk = (node: ProfileNode, above: ReadonlySet<string>): number => {
    const label = labelOf(node);
    const time = own.get(node.id) ?? 0;
    self.set(label, (self.get(label) ?? 0) + time);
    const below = new Set([...above, label]);
    let sum = time;
    for (const id of node.children ?? []) {
      const child = nodes.get(id);
      if (child !== undefined) sum += walk(child, below);
    }
    if (!above.has(label)) total.set(label, (total.get(label) ?? 0) + sum);
    return sum;
  };
  const root = profile.nodes[0];
  const all = root === undefined ? 0 : walk(root, new Set());
  return `  ${ms(all)} in all\n  self:\n${list(self)}\n  with what they call:\n${list(total)}`;
}

function list(times: ReadonlyMap<string, number>): string {
  const sorted = [...times].sort((a, b) => b[1] - a[1]).slice(0, TOP);
  return sorted.map(([label, time]) => `    ${ms(time).padStart(9)}  ${label}`).join("\n");
}

function ms(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(1)} ms`;
}

/** Names a frame by the source file that its bundle's map gives. */
function sourceLabels(): (node: ProfileNode) => string {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (url: string): SourceMap | undefined => {
    if (!maps.has(url)) {
      const file = `${url.replace("file://", "")}.map`;
      const known = url.startsWith("file:") && existsSync(file);
      maps.set(url, known ? new SourceMap(JSON.parse(readFileSync(file, "utf8"))) : undefined);
    }
    return maps.get(url);
  };
  return ({ callFrame }) => {
    const entry = mapOf(callFrame.url)?.findEntry(callFrame.lineNumber, callFrame.columnNumber);
    const name = callFrame.functionName || "(anonymous)";
    if (entry !== undefined && "originalSource" in entry) {
      return `${name} ${entry.originalSource.replace(/^.*(?:packages|node_modules)\//, "").replace(/^(?:\.\.\/)+/, "")}:${entry.originalLine + 1}`;
    }
    return `${name} ${basename(callFrame.url)}:${callFrame.lineNumber + 1}`;
  };
}
