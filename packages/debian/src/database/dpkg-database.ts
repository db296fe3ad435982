import { ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit } from "../text/by-code-unit.ts";
import { formatControl } from "../text/control.ts";
import type { InstalledPackage } from "./installed-package.ts";
import { statusStanza } from "./status-stanza.ts";

/** A file of the database. */
export interface DatabaseFile {
  /** Relative to the root. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/** What to write. */
export interface DpkgDatabaseOptions {
  /**
   * `dpkg` (the default): `status` and `info/`, which dpkg, apt and scanners read. `status.d`: a file a package, as
   * distroless images have it, which scanners read and dpkg does not.
   */
  readonly style?: "dpkg" | "status.d" | undefined;
}

const ROOT = "var/lib/dpkg";
const SCRIPTS = new Set(["preinst", "postinst", "prerm", "postrm", "config"]);
const OWN_FILES = new Set(["control", "conffiles"]);

/** Directories that dpkg wants to find beside the files, relative to the root, parents first. */
export const DPKG_DIRECTORIES: readonly string[] = [
  `${ROOT}/alternatives`,
  `${ROOT}/info`,
  `${ROOT}/parts`,
  `${ROOT}/triggers`,
  `${ROOT}/updates`,
];

/**
 * The files that make packages installed for dpkg (`-S`, `-L`, `-V`, `-l`) and scanners, sorted by path. Depends on the
 * packages alone, not on their order. Throws `conflict` for two packages that would be one to dpkg, and `invalid-archive`
 * for a path with a newline, which the database cannot say.
 */
export function dpkgDatabase(
  packages: readonly InstalledPackage[],
  { style = "dpkg" }: DpkgDatabaseOptions = {},
): readonly DatabaseFile[] {
  const sorted = [...packages].sort((a, b) => byCodeUnit(keyOf(a), keyOf(b)));
  for (const [index, item] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before === undefined || keyOf(before) !== keyOf(item)) continue;
    throw new ImgbuildError(
      "conflict",
      `Cannot install package "${keyOf(item)}" twice: versions ${before.control.version} and ${item.control.version}`,
    );
  }
  const files = style === "dpkg" ? dpkgFiles(sorted) : sorted.flatMap(statusDFiles);
  return files.sort((a, b) => byCodeUnit(a.path, b.path));
}

function dpkgFiles(sorted: readonly InstalledPackage[]): DatabaseFile[] {
  const status = formatControl(sorted.map(statusStanza));
  return [
    textFile(`${ROOT}/status`, status === "" ? "" : `${status}\n`),
    textFile(`${ROOT}/available`, ""),
    textFile(`${ROOT}/diversions`, ""),
    textFile(`${ROOT}/statoverride`, ""),
    textFile(`${ROOT}/info/format`, "1\n"),
    ...sorted.flatMap(infoFiles),
  ];
}

/** Packages that can be installed for several architectures have the architecture in the names of their files. */
function keyOf({ control }: InstalledPackage): string {
  return control.stanza.get("Multi-Arch") === "same" ? `${control.name}:${control.architecture}` : control.name;
}

function infoFiles(installed: InstalledPackage): readonly DatabaseFile[] {
  const { control } = installed;
  const base = `${ROOT}/info/${keyOf(installed)}`;
  const files = [textFile(`${base}.list`, listOf(installed))];
  if (control.conffiles.length > 0) files.push(textFile(`${base}.conffiles`, `${control.conffiles.join("\n")}\n`));
  // dpkg calls a package broken that has no such file.
  if (!control.files.has("md5sums")) files.push(textFile(`${base}.md5sums`, ""));
  for (const [name, content] of control.files) {
    if (OWN_FILES.has(name) || !/^[A-Za-z0-9_.+-]+$/.test(name) || name === "list") continue;
    files.push({ path: `${base}.${name}`, content, mode: SCRIPTS.has(name) ? 0o755 : 0o644 });
  }
  return files;
}

function listOf({ control, paths }: InstalledPackage): string {
  const odd = paths.find((path) => path.includes("\n"));
  if (odd !== undefined) {
    throw new ImgbuildError(
      "invalid-archive",
      `Cannot install package "${control.name}": the path ${JSON.stringify(odd)} has a newline`,
    );
  }
  return ["/.", ...paths.map((path) => `/${path}`), ""].join("\n");
}

function statusDFiles(installed: InstalledPackage): readonly DatabaseFile[] {
  const base = `${ROOT}/status.d/${installed.control.name}`;
  const md5sums = installed.control.files.get("md5sums");
  const status = textFile(base, formatControl([statusStanza(installed)]));
  return md5sums === undefined ? [status] : [status, { path: `${base}.md5sums`, content: md5sums, mode: 0o644 }];
}

function textFile(path: string, text: string): DatabaseFile {
  return { path, content: Buffer.from(text), mode: 0o644 };
}
