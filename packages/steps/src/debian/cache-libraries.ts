import { type CachedLibrary, type ElfLibrary, elfLibrary, loaderCache } from "@imgbuild/debian";
import type { SystemDraft } from "./system-draft.ts";
import { imagePathOf } from "./system-packages.ts";

/** Searched after those of the configuration. */
const USUAL = ["/lib", "/usr/lib"];

/**
 * Writes `/etc/ld.so.cache` as `ldconfig` would, and the links by the names of libraries where they are missing. Nothing is written where
 * there is no loader's configuration, or for a machine that is not known.
 */
export function cacheLibraries(draft: SystemDraft): void {
  const configuration = draft.text("etc/ld.so.conf");
  if (configuration === undefined) return;
  const libraries: CachedLibrary[] = [];
  const seen = new Set<string>();
  for (const directory of [...directoriesOf(draft, configuration), ...USUAL]) {
    const place = imagePathOf(directory);
    if (seen.has(place)) continue;
    seen.add(place);
    libraries.push(...librariesIn(draft, directory));
  }
  const cache = libraries.length === 0 ? undefined : loaderCache(libraries);
  if (cache !== undefined) draft.file("etc/ld.so.cache", cache);
}

/** Directories that the configuration names, with those of the files that it includes, which are sorted by name. */
function directoriesOf(draft: SystemDraft, text: string, depth = 0): readonly string[] {
  return text.split("\n").flatMap((line): readonly string[] => {
    const plain = line.replace(/#.*$/, "").trim();
    const [, pattern] = /^include\s+\/?(\S+)$/.exec(plain) ?? [];
    if (pattern === undefined) return plain.startsWith("/") ? plain.split(/[\s,:]+/) : [];
    const [, directory = "", before = "", after = ""] = /^(.*)\/([^/*]*)\*([^/*]*)$/.exec(pattern) ?? [];
    if (depth > 3) return [];
    const files =
      directory === ""
        ? [pattern]
        : draft
            .names(directory)
            .filter((name) => name.startsWith(before) && name.endsWith(after))
            .map((name) => `${directory}/${name}`);
    return files.flatMap((file) => directoriesOf(draft, draft.text(file) ?? "", depth + 1));
  });
}

function librariesIn(draft: SystemDraft, directory: string): readonly CachedLibrary[] {
  const names = draft.names(directory).filter((name) => /^(?:lib|ld-).*\.so(?:\.|$)/.test(name));
  const found = new Map<string, CachedLibrary>();
  for (const name of names) {
    const elf = readElf(draft, `${directory}/${name}`);
    if (elf === undefined) continue;
    // A link for linking keeps its own name; everything else is asked for by the name that it has inside.
    const asked = name.endsWith(".so") || elf.soname === undefined ? name : elf.soname;
    const path = `${directory}/${asked}`;
    if (!draft.has(path)) draft.link(path, name);
    found.set(asked, { name: asked, path, elf });
  }
  return [...found.values()];
}

function readElf(draft: SystemDraft, path: string): ElfLibrary | undefined {
  const read = draft.reader(path);
  return read === undefined ? undefined : elfLibrary(read);
}
