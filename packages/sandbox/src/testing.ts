import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { removeTree } from "./remove-tree.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";
import type { SandboxEnd, SandboxRun } from "./sandbox-run.ts";

/** The sandbox of whoever runs the tests. */
export function testSandbox(): Sandbox {
  const { uid, gid } = userInfo();
  const name = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.split(":")[2] === String(uid))
    ?.split(":")[0];
  return openSandbox({ uid, gid, userName: name ?? String(uid), path: process.env.PATH ?? "" }, process.platform);
}

/** A directory of one test file with places for runs. */
export class SandboxRig {
  readonly sandbox = testSandbox();
  readonly directory = mkdtempSync(join(tmpdir(), "imgbuild-sandbox-"));
  output = "";
  #runs = 0;

  /** A new empty directory. */
  empty(name: string): string {
    const path = join(this.directory, `${this.#runs++}-${name}`);
    mkdirSync(path);
    return path;
  }

  /** Runs a script on an empty root, unless told otherwise. */
  async run(script: string, options: Partial<SandboxRun> = {}): Promise<SandboxEnd> {
    this.output = "";
    return this.sandbox.run({
      root: { kind: "directory", directory: this.empty("root") },
      command: { script },
      cwd: "/",
      env: {},
      user: "root",
      network: false,
      binds: [],
      timeoutMs: 30_000,
      limits: {},
      signal: new AbortController().signal,
      scratch: this.empty("scratch"),
      onOutput: (bytes) => {
        this.output += Buffer.from(bytes).toString("utf8");
      },
      ...options,
    });
  }

  async remove(): Promise<void> {
    if (existsSync(this.directory)) await removeTree(this.sandbox.abilities, this.directory);
  }
}

/** Command lines of every process of the machine that has a word. */
export function processesWith(word: string, list: (path: string) => string[]): string[] {
  return list("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return text.includes(word) ? [text] : [];
    } catch {
      return [];
    }
  });
}
