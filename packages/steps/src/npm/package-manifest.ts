import { ImgbuildError } from "@imgbuild/errors";
import { readBins } from "@imgbuild/npm";

const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall"] as const;

/** A script that npm would run after unpacking a package. */
export interface InstallScript {
  readonly name: (typeof INSTALL_SCRIPTS)[number];
  readonly command: string;
}

/** A package.json larger than this is none. */
const MAX_BYTES = 16 << 20;

/** What the package.json of a package says of its files, read while it is unpacked. */
export class PackageManifest {
  readonly #title: string;
  #value: Readonly<Record<string, unknown>> = {};

  constructor(title: string) {
    this.#title = title;
  }

  /** Gives the content on as it comes, and reads it. */
  async *read(content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of content) {
      size += piece.length;
      if (size > MAX_BYTES) throw this.#bad(`its package.json has more than ${MAX_BYTES} bytes`);
      pieces.push(Buffer.from(piece));
      yield piece;
    }
    this.#value = this.#parse(Buffer.concat(pieces).toString("utf8"));
  }

  /** The files that are commands: those of `bin`, or all in `directories.bin`. */
  commands(paths: ReadonlySet<string>): string[] {
    const { bin, name, directories } = this.#value;
    if (bin !== undefined && bin !== null) {
      return [...readBins(bin, String(name ?? "")).values()].filter((path) => paths.has(path));
    }
    const directory = isObject(directories) ? directories.bin : undefined;
    if (typeof directory !== "string") return [];
    const prefix = `${directory.replace(/^(?:\.?\/)+|\/+$/g, "")}/`;
    return [...paths].filter((path) => path.startsWith(prefix));
  }

  /** As npm finds them: a binding.gyp without scripts is an install script too. In the order in which npm runs them. */
  installScripts(paths: ReadonlySet<string>): InstallScript[] {
    const { scripts, gypfile } = this.#value;
    const commandOf = (name: InstallScript["name"]): string => {
      const command = isObject(scripts) ? scripts[name] : undefined;
      return typeof command === "string" ? command : "";
    };
    const gyp = paths.has("binding.gyp") && gypfile !== false && commandOf("preinstall") + commandOf("install") === "";
    return INSTALL_SCRIPTS.map((name) => ({
      name,
      command: gyp && name === "install" ? "node-gyp rebuild" : commandOf(name),
    })).filter(({ command }) => command !== "");
  }

  #parse(text: string): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
      if (isObject(value)) return value;
    } catch (error) {
      throw this.#bad(`its package.json is not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    throw this.#bad("its package.json is no object");
  }

  #bad(what: string): ImgbuildError {
    return new ImgbuildError("invalid-archive", `Cannot unpack the package "${this.#title}": ${what}`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
