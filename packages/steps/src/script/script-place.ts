import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { fromUnknown } from "@imgbuild/errors";
import { removeTree, type Sandbox } from "@imgbuild/sandbox";

/** Where sandboxes and unpacked layers are in a cache directory. */
export class ScriptPlace {
  readonly #root: string;
  readonly #sandbox: Sandbox;
  readonly #pid: number;
  #next = 0;

  constructor(cacheDirectory: string, options: { readonly sandbox: Sandbox; readonly pid: number }) {
    this.#root = `${cacheDirectory}/v1`;
    this.#sandbox = options.sandbox;
    this.#pid = options.pid;
  }

  /** The directory of unpacked layers with this kind of owners; made, closed to other users. */
  unpacked(ownership: string): string {
    const directory = `${this.#root}/unpacked/${ownership}`;
    make(directory);
    return directory;
  }

  /** A new directory for the runs of one layer. */
  newSandbox(): string {
    const parent = `${this.#root}/sandbox`;
    make(parent);
    const directory = `${parent}/${this.#pid}-${this.#next++}`;
    make(directory);
    return directory;
  }

  /** Says that a sandbox is to stay. */
  keep(directory: string): void {
    writeFileSync(`${directory}/kept`, "");
  }

  /** Removes what processes that are no more left behind, but for what was kept. */
  async removeStale(processAlive: (pid: number) => boolean): Promise<void> {
    const parent = `${this.#root}/sandbox`;
    for (const name of list(parent)) {
      const pid = Number(/^(\d+)-\d+$/.exec(name)?.[1] ?? Number.NaN);
      const own = pid === this.#pid || Number.isNaN(pid) || processAlive(pid);
      if (own || list(`${parent}/${name}`).includes("kept")) continue;
      await removeTree(this.#sandbox.abilities, `${parent}/${name}`);
    }
  }
}

function make(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fromUnknown(error, `Cannot make "${directory}"`);
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
