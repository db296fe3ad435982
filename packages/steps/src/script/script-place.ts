import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { fromUnknown, systemCode } from "@imgbuild/errors";
import { removeTree, type Sandbox } from "@imgbuild/sandbox";

/** Where sandboxes and unpacked layers are in a cache directory. */
export class ScriptPlace {
  readonly #root: string;
  readonly #sandbox: Sandbox;
  readonly #pid: number;
  /** Absolute paths of unpacked directories that this process found to be as they were left. */
  readonly sound = new Set<string>();
  #next = 0;

  constructor(cacheDirectory: string, options: { readonly sandbox: Sandbox; readonly pid: number }) {
    this.#root = `${cacheDirectory}/v1`;
    this.#sandbox = options.sandbox;
    this.#pid = options.pid;
  }

  /** Where the sandboxes of runs are. */
  get sandboxes(): string {
    return `${this.#root}/sandbox`;
  }

  /** Where unpacked layers are, by kind of owners. */
  get unpackedRoot(): string {
    return `${this.#root}/unpacked`;
  }

  /** The directory of unpacked layers with this kind of owners; made, closed to other users. */
  unpacked(ownership: string): string {
    const directory = `${this.unpackedRoot}/${ownership}`;
    make(directory);
    return directory;
  }

  /** A new directory for the runs of one layer. */
  newSandbox(): string {
    make(this.sandboxes);
    for (;;) {
      const directory = `${this.sandboxes}/${this.#pid}-${this.#next++}`;
      try {
        mkdirSync(directory, { mode: 0o700 });
        return directory;
      } catch (error) {
        // What an earlier process with our number left, and was kept.
        if (systemCode(error) !== "EEXIST") throw fromUnknown(error, `Cannot make "${directory}"`);
      }
    }
  }

  /** Says that a sandbox is to stay. */
  keep(directory: string): void {
    writeFileSync(`${directory}/kept`, "");
  }

  /** Removes what processes that are no more left behind, but for what was kept. */
  async removeStale(processAlive: (pid: number) => boolean): Promise<void> {
    const parent = this.sandboxes;
    for (const name of list(parent)) {
      if (this.isAlive(name, processAlive) || list(`${parent}/${name}`).includes("kept")) continue;
      await removeTree(this.#sandbox.abilities, `${parent}/${name}`);
    }
  }

  /** Whether a sandbox is of a process that still runs, this one among them. */
  isAlive(name: string, processAlive: (pid: number) => boolean): boolean {
    const pid = Number(/^(\d+)-\d+$/.exec(name)?.[1] ?? Number.NaN);
    return pid === this.#pid || Number.isNaN(pid) || processAlive(pid);
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
