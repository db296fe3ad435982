import { ImgbuildError } from "@imgbuild/errors";
import { readTar } from "@imgbuild/tar";
import { parseSingleStanza } from "../text/control.ts";
import type { Stanza } from "../text/stanza.ts";

/** What `control.tar` of a package holds. */
export interface DebControl {
  /** The `control` file. Package, Version and Architecture are there and sound. */
  readonly stanza: Stanza;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Absolute paths of configuration files that the package has; those it wants removed on upgrade are left out. */
  readonly conffiles: readonly string[];
  /** MD5 in hex by path, relative to the root, as the package says. */
  readonly md5sums: ReadonlyMap<string, string>;
  /** Every file of `control.tar` by name: `control`, `md5sums`, `postinst`, `triggers`, `shlibs` and so on. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const SCRIPTS = ["preinst", "postinst", "prerm", "postrm", "config"];
const MAX_BYTES = 2 ** 26;

/** Names of the maintainer scripts that a package has. They are never run. */
export function scriptNames(control: DebControl): readonly string[] {
  return SCRIPTS.filter((name) => control.files.has(name));
}

/** Reads a `control.tar`, decompressed already; `what` names the package in errors. Throws `invalid-archive`. */
export async function readControlTar(tar: AsyncIterable<Uint8Array>, what: string): Promise<DebControl> {
  const files = new Map<string, Buffer>();
  let size = 0;
  for await (const { header, content } of readTar(tar)) {
    if (header.type !== "file") {
      if (header.type === "directory") continue;
      throw controlError(what, `its control archive has the ${header.type} "${header.path}"`);
    }
    if (header.path.includes("/")) throw controlError(what, `its control archive has the file "${header.path}"`);
    const pieces: Uint8Array[] = [];
    for await (const piece of content) {
      size += piece.length;
      if (size > MAX_BYTES) throw controlError(what, `its control archive is larger than ${MAX_BYTES} bytes`);
      pieces.push(piece);
    }
    files.set(header.path, Buffer.concat(pieces));
  }
  return parseControlFiles(files, what);
}

/** What the files of a `control.tar` say, by name; `what` names the package in errors. Throws `invalid-archive`. */
export function parseControlFiles(files: ReadonlyMap<string, Buffer>, what: string): DebControl {
  const control = files.get("control");
  if (control === undefined) throw controlError(what, "its control archive has no file control");
  const stanza = parseSingleStanza(control.toString("utf8"), `control of package "${what}"`);
  const name = stanza.get("Package") ?? "";
  const version = stanza.get("Version") ?? "";
  const architecture = stanza.get("Architecture") ?? "";
  // These become file names of the dpkg database.
  if (!/^[a-z0-9][a-z0-9+.-]*$/.test(name)) throw controlError(what, `its name is ${JSON.stringify(name)}`);
  if (!/^[a-z0-9][a-z0-9-]*$/.test(architecture)) {
    throw controlError(what, `its architecture is ${JSON.stringify(architecture)}`);
  }
  if (!/^[A-Za-z0-9.+~:-]+$/.test(version)) throw controlError(what, `its version is ${JSON.stringify(version)}`);
  const text = (file: string): string => files.get(file)?.toString("utf8") ?? "";
  return {
    stanza,
    name,
    version,
    architecture,
    conffiles: conffilesOf(text("conffiles"), what),
    md5sums: md5sumsOf(text("md5sums"), what),
    files,
  };
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

function conffilesOf(text: string, what: string): readonly string[] {
  return linesOf(text).flatMap((line) => {
    const path = line.trim();
    if (path.startsWith("remove-on-upgrade ")) return [];
    if (!path.startsWith("/"))
      throw controlError(what, `its conffiles has ${JSON.stringify(path)}, wanted an absolute path`);
    return [path];
  });
}

function md5sumsOf(text: string, what: string): ReadonlyMap<string, string> {
  return new Map(
    linesOf(text).map((line) => {
      const [, md5, path] = /^([0-9a-f]{32}) [ *](.+)$/.exec(line.trimEnd()) ?? [];
      if (md5 === undefined || path === undefined) throw controlError(what, `its md5sums has ${JSON.stringify(line)}`);
      return [path.replace(/^(?:\.?\/)+/, ""), md5];
    }),
  );
}

function controlError(what: string, reason: string): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot read package "${what}": ${reason}`);
}
