import { parseRelations, satisfies } from "@imgbuild/debian";
import { ImgbuildError } from "@imgbuild/errors";
import type { StoredEntry } from "@imgbuild/image";
import { debTitle } from "./deb-package.ts";
import type { SystemPackage } from "./system-packages.ts";

/** What packages have together. */
export interface SharedPaths {
  /** Everything that is there, by path: what a container sees. */
  readonly nodes: ReadonlyMap<string, StoredEntry>;
  /** Files that a package had to leave to another one, by place of the package: dpkg does not list them. */
  readonly lost: ReadonlyMap<number, ReadonlySet<string>>;
  /** Entries that lie below a later package's and yet count. */
  readonly raised: readonly StoredEntry[];
}

/**
 * Brings packages together as dpkg does: directories are shared, equal files too; of two files at one path that of the package
 * with `Replaces` stays. Throws `conflict` naming both packages for any other two.
 */
export function sharePaths(packages: readonly SystemPackage[]): SharedPaths {
  const nodes = new Map<string, StoredEntry>();
  const owners = new Map<string, number>();
  const lost = new Map<number, Set<string>>();
  const raised = new Map<string, StoredEntry>();
  packages.forEach((item, place) => {
    for (const entry of item.entries) {
      const other = nodes.get(entry.path);
      const owner = owners.get(entry.path);
      if (other !== undefined && owner !== undefined && !isSame(other, entry)) {
        const before = packages[owner] as SystemPackage;
        const stays = replaces(before, item) ? owner : replaces(item, before) ? place : undefined;
        if (stays === undefined) throw clash(entry.path, before, item);
        const loser = stays === owner ? place : owner;
        lost.set(loser, (lost.get(loser) ?? new Set()).add(entry.path));
        if (stays === owner) {
          raised.set(entry.path, other);
          continue;
        }
        raised.delete(entry.path);
      }
      nodes.set(entry.path, entry);
      owners.set(entry.path, place);
    }
  });
  checkParents(packages, { nodes, owners });
  return { nodes, lost, raised: [...raised.values()] };
}

/** dpkg keeps a directory as the first package made it. */
function isSame(a: StoredEntry, b: StoredEntry): boolean {
  if (a.type === "directory" && b.type === "directory") return true;
  return a.type === b.type && a.target === b.target && a.content?.sha256 === b.content?.sha256;
}

function replaces(a: SystemPackage, b: SystemPackage): boolean {
  const where = `Replaces of "${a.control.name}"`;
  const text = a.control.stanza.folded("Replaces") ?? "";
  const provided = parseRelations(b.control.stanza.folded("Provides") ?? "", {
    where: `Provides of "${b.control.name}"`,
    architecture: b.control.architecture,
  }).flat();
  return parseRelations(text, { where, architecture: a.control.architecture })
    .flat()
    .some(({ name, constraint }) => {
      if (name !== b.control.name) return constraint === undefined && provided.some((other) => other.name === name);
      return constraint === undefined || satisfies(b.control.version, constraint.operator, constraint.version);
    });
}

function checkParents(
  packages: readonly SystemPackage[],
  { nodes, owners }: { readonly nodes: ReadonlyMap<string, StoredEntry>; readonly owners: ReadonlyMap<string, number> },
): void {
  for (const [path, place] of owners) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const parent = path.slice(0, at);
      const above = nodes.get(parent);
      // Through a link to a directory dpkg goes, and so does the layer.
      if (above === undefined || above.type !== "file") continue;
      const owner = packages[owners.get(parent) ?? place] as SystemPackage;
      throw clash(parent, owner, packages[place] as SystemPackage);
    }
  }
}

function clash(path: string, a: SystemPackage, b: SystemPackage): ImgbuildError {
  const [one, two] = [a, b].map(({ unit }) => `"${debTitle(unit)}"`);
  return new ImgbuildError(
    "conflict",
    `Cannot put the packages ${one} and ${two} into one image: both have "/${path}"`,
    {
      hint: "Ask for one of them, or leave the file out with exclude",
    },
  );
}
