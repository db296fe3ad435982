import type { Link } from "./alternatives.ts";

/** Files and links that `phpenmod` would have made. */
export interface PhpModuleFiles {
  readonly files: readonly { readonly path: string; readonly content: Buffer }[];
  readonly links: readonly Link[];
}

/**
 * Enables every module of PHP that packages bring (`usr/share/phpVERSION-PACKAGE/…/MODULE.ini`) for every way of running it that is there
 * (`etc/php/VERSION/cli`, `fpm`, …), as their scripts do. `exists` is asked by path relative to the root.
 */
export function phpModuleFiles(
  settings: readonly { readonly path: string; readonly content: Buffer }[],
  exists: (path: string) => boolean,
): PhpModuleFiles {
  const files: { path: string; content: Buffer }[] = [];
  const links: Link[] = [];
  for (const { path, content } of settings) {
    const [, version, name] = /^usr\/share\/php([0-9]+\.[0-9]+)-[^/]+\/(?:[^/]+\/)?([a-z0-9_]+)\.ini$/.exec(path) ?? [];
    if (version === undefined || name === undefined) continue;
    const available = `etc/php/${version}/mods-available/${name}.ini`;
    files.push({ path: available, content });
    const priority = /^;\s*priority=(\d{1,3})\s*$/m.exec(content.toString("latin1"))?.[1] ?? "20";
    for (const sapi of ["apache2", "cgi", "cli", "embed", "fpm", "phpdbg"]) {
      if (!exists(`etc/php/${version}/${sapi}`)) continue;
      links.push({ path: `etc/php/${version}/${sapi}/conf.d/${priority}-${name}.ini`, target: `/${available}` });
    }
  }
  return { files, links };
}
