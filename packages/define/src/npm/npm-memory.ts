import type { LockFile } from "@imgbuild/npm";
import type { Caller, Host } from "../call.ts";
import { readTextIfPresent } from "../facts.ts";
import type { Source } from "../source.ts";

/**
 * What the calls of one evaluation share: a hundred services of one repository read its lock once, and name each package by
 * one value.
 */
export class NpmMemory {
  static readonly #known = new WeakMap<Host["ask"], NpmMemory>();

  readonly locks = new Map<string, LockFile>();
  readonly #texts = new Map<string, string | undefined>();
  readonly #sources = new Map<string, Source>();

  /** The memory of the evaluation that a caller is part of. */
  static of(caller: Caller): NpmMemory {
    const { ask } = caller.host;
    const memory = NpmMemory.#known.get(ask) ?? new NpmMemory();
    NpmMemory.#known.set(ask, memory);
    return memory;
  }

  /** The text of a file of the workspace; undefined when there is none. */
  text(caller: Caller, path: string): string | undefined {
    if (!this.#texts.has(path)) this.#texts.set(path, readTextIfPresent(caller, path));
    return this.#texts.get(path);
  }

  /** The source that is known under a key, or a new one. */
  source(key: string, make: () => Source): Source {
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#sources.set(key, made);
    return made;
  }
}
