import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import type { DebianRequest, Fact, FactAnswer } from "@imgbuild/define";
import { type FileStamp, stampFile } from "./file-stamp.ts";
import { readGitHead } from "./git-head.ts";
import { globFiles } from "./glob-files.ts";

/** The world as definitions may ask about it. */
export interface World {
  /** Absolute. */
  readonly workspaceRoot: string;
  readonly cacheDir: string | null;
  readEnv(name: string): string | undefined;
  /** What programs of this machine are known to be. */
  readonly machine: string;
  /** What `imgbuild.lock` has for a request. */
  debianLock(request: DebianRequest): FactAnswer;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A fact and the digest of its answer, as kept with an evaluation. */
export interface RecordedFact {
  readonly fact: Fact;
  readonly digest: string;
}

/** Answers from the world, and remembers what was asked. */
export class FactRecorder {
  readonly #world: World;
  readonly #facts = new Map<string, RecordedFact>();
  readonly #answers = new Map<string, FactAnswer>();
  readonly #files = new Map<string, FileStamp>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The same question has the same answer throughout one evaluation. */
  answer(fact: Fact): FactAnswer {
    const key = JSON.stringify(fact);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = fact.kind === "file" ? this.#readFile(fact) : answerFact(this.#world, fact);
    this.#answers.set(key, answer);
    if (fact.kind !== "file" || !("value" in answer)) this.#facts.set(key, { fact, digest: digestOf(answer) });
    return answer;
  }

  facts(): RecordedFact[] {
    return [...this.#facts.values()];
  }

  files(): FileStamp[] {
    return [...this.#files.values()];
  }

  #readFile(fact: Extract<Fact, { kind: "file" }>): FactAnswer {
    const read = readInside(this.#world, fact.path);
    if ("answer" in read) return read.answer;
    const { content } = read;
    const stamp = stampFile(this.#world.workspaceRoot, fact.path, { now: this.#world.now(), content });
    this.#files.set(fact.path, stamp);
    return decode(content);
  }
}

/** Whether a recorded fact still holds. */
export function factHolds(world: World, recorded: RecordedFact): boolean {
  return digestOf(answerFact(world, recorded.fact)) === recorded.digest;
}

function answerFact(world: World, fact: Fact): FactAnswer {
  try {
    if (fact.kind === "env") return { value: world.readEnv(fact.name) ?? null };
    if (fact.kind === "machine") return { value: world.machine };
    if (fact.kind === "glob") return globFiles(world.workspaceRoot, fact, world.cacheDir);
    if (fact.kind === "debianLock") return world.debianLock(fact.request);
    if (fact.kind === "git.head") return readGitHead(world.workspaceRoot);
    const read = readInside(world, fact.path);
    return "answer" in read ? read.answer : decode(read.content);
  } catch (error) {
    return { code: "definition", error: error instanceof Error ? error.message : String(error) };
  }
}

type Content = { readonly content: Buffer } | { readonly answer: FactAnswer };

function readInside(world: World, path: string): Content {
  const file = join(world.workspaceRoot, path);
  try {
    const inside = relative(realpathSync(world.workspaceRoot), realpathSync(file));
    if (inside === ".." || inside.startsWith("../")) {
      return { answer: { code: "path-escape", error: "it is a symbolic link that leaves the workspace" } };
    }
    return { content: readFileSync(file) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return { answer: { code: "input-missing", error: "no such file" } };
    if (code === "EISDIR") return { answer: { code: "definition", error: "it is a directory, wanted a file" } };
    if (code === "ELOOP") return { answer: { code: "input-unreadable", error: "too many symbolic links" } };
    return { answer: { code: "input-unreadable", error: code === "EACCES" ? "permission denied" : String(code) } };
  }
}

function decode(content: Buffer): FactAnswer {
  try {
    return { value: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content) };
  } catch {
    return { code: "definition", error: "it is no UTF-8 text" };
  }
}

function digestOf(answer: FactAnswer): string {
  return createHash("sha256").update(JSON.stringify(answer)).digest("hex");
}
