import { DPKG_DIRECTORIES, dpkgDatabase, mergedUsrLinks, type ScriptEffects, scriptEffects } from "@imgbuild/debian";
import { atPosition, fromUnknown } from "@imgbuild/errors";
import type { DebSystemArgs, Step } from "@imgbuild/graph";
import type { StoredTree } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { HELPERS } from "./helpers.ts";
import { sharePaths } from "./shared-paths.ts";
import { SystemDraft } from "./system-draft.ts";
import { imagePathOf, type SystemPackage, systemPackages } from "./system-packages.ts";

/** What writing needs. */
export interface WriteOptions {
  readonly store: Store;
  /** Told once for each package whose scripts do what nobody does for them. */
  readonly warn: (message: string) => void;
}

/** The tree that lies over the packages of a `debSystem` step. Throws `conflict` for packages that dpkg would not put together. */
export async function writeSystem(step: Step, args: DebSystemArgs, { store, warn }: WriteOptions): Promise<StoredTree> {
  const { position } = step.derivation;
  try {
    const packages = systemPackages(step, store);
    const shared = sharePaths(packages);
    const draft = new SystemDraft(shared.nodes);
    const scene = { architecture: architectureOf(packages), look: (path: string) => draft.look(path) };
    const effects = packages.map(({ control }) => scriptEffects(control, scene));
    for (const entry of shared.raised) draft.raise(entry);
    for (const { path, target } of mergedUsrLinks(shared.nodes.keys())) draft.topLink(path, target);
    const all = { draft, packages, effects, database: args.database === "dpkg" };
    for (const [name, help] of Object.entries(HELPERS)) if (args.helpers.includes(name)) help(all);
    writeDatabase(draft, { packages, lost: shared.lost, style: args.database });
    for (const message of warningsOf(effects)) warn(message);
    return await draft.write(store);
  } catch (error) {
    throw atPosition(fromUnknown(error, "Cannot put the packages together"), position);
  }
}

/** That of the image: packages for all architectures say nothing of it. */
function architectureOf(packages: readonly SystemPackage[]): string {
  return packages.find(({ control }) => control.architecture !== "all")?.control.architecture ?? "all";
}

interface Database {
  readonly packages: readonly SystemPackage[];
  readonly lost: ReadonlyMap<number, ReadonlySet<string>>;
  readonly style: DebSystemArgs["database"];
}

function writeDatabase(draft: SystemDraft, { packages, lost, style }: Database): void {
  if (style === "none") return;
  const installed = packages.map(({ control, paths, conffileMd5 }, place) => {
    const gone = lost.get(place);
    return {
      control,
      paths: gone === undefined ? paths : paths.filter((path) => !gone.has(imagePathOf(path))),
      conffileMd5,
    };
  });
  if (style === "dpkg") for (const path of DPKG_DIRECTORIES) draft.directory(path);
  for (const { path, content, mode } of dpkgDatabase(installed, { style })) draft.file(path, content, { mode });
}

/** What is known to be missing, a line each, and one for all packages whose scripts do something that nobody looked into. */
function warningsOf(effects: readonly ScriptEffects[]): readonly string[] {
  const all = effects.flatMap(({ warnings }) => warnings);
  const unknown = all.filter(({ kind }) => kind === "script");
  const known = all.filter(({ kind }) => kind !== "script").map(({ message }) => message);
  if (unknown.length === 0) return known;
  const names = unknown.map(
    ({ package: name, message }) => `${name} (${message.slice(message.indexOf("they use ") + 9)})`,
  );
  return [
    ...known,
    `These packages may need more than their files, for their scripts are not run: ${names.join(", ")}`,
  ];
}
