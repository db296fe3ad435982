import { compareVersions, isVersion } from "../../text/version.ts";
import { type Node, parseShell, type Word } from "./parse.ts";

/** What is known of the system that a script would run on. */
export interface ShellWorld {
  /** What is at an absolute path; undefined for nothing. Without it nobody knows. */
  readonly look?: ((path: string) => "file" | "directory" | "symlink" | undefined) | undefined;
  /** Its arguments; default those of `configure` for the first time. */
  readonly arguments?: readonly string[] | undefined;
  /** Variables that dpkg sets. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** What commands in `$(…)` would give, by their text. */
  readonly outputs?: Readonly<Record<string, string>> | undefined;
}

/** A simple command. */
export interface ShellCommand {
  readonly words: readonly string[];
  /** Whether it runs for sure: no condition around it is open. */
  readonly certain: boolean;
}

const MAX_STEPS = 20_000;
const MAX_CALLS = 30;
const MAX_LENGTH = 10_000;

/** Thrown by `exit` and `return` where they are certain. */
class Leave extends Error {
  readonly all: boolean;
  constructor(all: boolean) {
    super();
    this.all = all;
  }
}

/**
 * The simple commands that a maintainer script runs when its package is installed for the first time (`configure`, no older version),
 * with what variables, loops and functions make of them. Where a condition cannot be told, both ways are gone. Words keep `$` where
 * only running it would tell. Nothing is run, nothing thrown.
 */
export function shellCommands(script: string, world: ShellWorld = {}): readonly ShellCommand[] {
  const shell = new Shell(world);
  shell.script(parseShell(script));
  return shell.commands;
}

class Shell {
  readonly commands: ShellCommand[] = [];
  readonly #world: ShellWorld;
  /** Undefined for one that only running it would tell. */
  readonly #variables = new Map<string, string | undefined>();
  readonly #functions = new Map<string, Node>();
  #arguments: readonly string[];
  #steps = 0;
  #calls = 0;
  /** How many conditions around are not known. */
  #doubts = 0;

  constructor(world: ShellWorld) {
    this.#world = world;
    this.#arguments = world.arguments ?? ["configure", ""];
    for (const [name, value] of Object.entries(world.variables ?? {})) this.#variables.set(name, value);
  }

  script(node: Node): void {
    try {
      this.#run(node);
    } catch (error) {
      if (!(error instanceof Leave)) throw error;
    }
  }

  /** Whether it ends well; undefined when nobody knows. */
  #run(node: Node): boolean | undefined {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) throw new Leave(true);
    switch (node.kind) {
      case "list":
        return this.#list(node.items);
      case "not":
        return negated(this.#run(node.node));
      case "if":
        return this.#if(node);
      case "for":
        return this.#for(node);
      case "while":
        this.#doubt(() => {
          this.#run(node.test);
          this.#run(node.body);
        });
        return undefined;
      case "case":
        return this.#case(node);
      case "function":
        this.#functions.set(node.name, node.body);
        return true;
      case "command":
        return this.#command(node.words);
    }
  }

  #list(items: readonly { readonly operator: string; readonly node: Node }[]): boolean | undefined {
    let last: boolean | undefined = true;
    for (const { operator, node } of items) {
      if ((operator === "&&" && last === false) || (operator === "||" && last === true)) continue;
      const isSure: boolean = !(operator === "&&" || operator === "||") || last !== undefined;
      const result: boolean | undefined = isSure ? this.#run(node) : this.#doubt(() => this.#run(node));
      last = isSure ? result : undefined;
    }
    return last;
  }

  #doubt<T>(body: () => T): T | undefined {
    this.#doubts += 1;
    try {
      return body();
    } catch (error) {
      if (error instanceof Leave && this.#steps <= MAX_STEPS) return undefined;
      throw error;
    } finally {
      this.#doubts -= 1;
    }
  }

  #if({ branches, otherwise }: Extract<Node, { kind: "if" }>): boolean | undefined {
    let doubtful = false;
    const ways: Node[] = [];
    for (const { test, body } of branches) {
      const result = this.#run(test);
      if (result === false) continue;
      if (result === true && !doubtful) return this.#run(body);
      doubtful = true;
      ways.push(body);
      if (result === true) return this.#ways(ways);
    }
    if (!doubtful) return this.#run(otherwise);
    return this.#ways([...ways, otherwise]);
  }

  /** Goes several ways; a variable that they do not agree on is not known afterwards. */
  #ways(ways: readonly Node[]): undefined {
    const before = new Map(this.#variables);
    const after: Map<string, string | undefined>[] = [];
    for (const way of ways) {
      this.#variables.clear();
      for (const [name, value] of before) this.#variables.set(name, value);
      this.#doubt(() => this.#run(way));
      after.push(new Map(this.#variables));
    }
    for (const name of new Set(after.flatMap((each) => [...each.keys()]))) {
      const set = after.filter((each) => each.has(name) && each.get(name) !== before.get(name));
      const values = new Set(set.map((each) => each.get(name)));
      if (set.length > 0) this.#variables.set(name, values.size === 1 ? [...values][0] : undefined);
    }
    return undefined;
  }

  #for({ name, words, body }: Extract<Node, { kind: "for" }>): boolean | undefined {
    const values = words.flatMap((word) => this.#expand(word));
    for (const value of values.length === 0 ? [] : values) {
      this.#variables.set(name, isDynamic(value) ? undefined : value);
      this.#run(body);
    }
    return undefined;
  }

  #case({ word, branches }: Extract<Node, { kind: "case" }>): boolean | undefined {
    const value = this.#expand({ ...word, quoted: true }).join(" ");
    if (value.includes("$") || value.includes("`")) return this.#ways(branches.map(({ body }) => body));
    for (const { patterns, body } of branches) {
      const fits = patterns.some((pattern) => matches(value, this.#expand({ ...pattern, quoted: true }).join(" ")));
      if (fits) return this.#run(body);
    }
    return true;
  }

  #command(words: readonly Word[]): boolean | undefined {
    const rest = [...words];
    for (let [first] = rest; first !== undefined && this.#assign(first, rest.length === 1); [first] = rest)
      rest.shift();
    const expanded = rest.flatMap((word) => this.#expand(word));
    while (
      ["command", "exec", "eval", "builtin"].includes(expanded[0] ?? "") &&
      !(expanded[1] ?? "-").startsWith("-")
    ) {
      expanded.shift();
    }
    const [name, ...given] = expanded;
    if (name === undefined) return true;
    const body = this.#functions.get(name);
    if (body !== undefined) return this.#call(body, given);
    return this.#builtin(name, given, expanded);
  }

  #builtin(name: string, given: readonly string[], all: string[]): boolean | undefined {
    switch (name) {
      case "true":
      case ":":
        return true;
      case "false":
        return false;
      case "exit":
      case "return":
        if (this.#doubts === 0) throw new Leave(name === "exit");
        return undefined;
      case "export":
      case "local":
      case "readonly":
      case "declare":
      case "typeset":
        for (const each of given) this.#assignText(each);
        return true;
      case "unset":
        for (const each of given) this.#variables.delete(each);
        return true;
      case "shift":
        this.#arguments = this.#arguments.slice(Number(given[0] ?? 1));
        return true;
      case "read":
        for (const each of given) this.#variables.set(each, undefined);
        return undefined;
      case "set":
        if (given[0] === "--") this.#arguments = given.slice(1);
        return true;
      case "[":
      case "[[":
        return this.#test(given.slice(0, given.at(-1)?.startsWith("]") === true ? -1 : undefined));
      case "test":
        return this.#test(given);
      case "dpkg":
        if (given[0] === "--compare-versions") return compare(given.slice(1));
        break;
    }
    this.commands.push({ words: all, certain: this.#doubts === 0 });
    return undefined;
  }

  #call(body: Node, given: readonly string[]): boolean | undefined {
    if (this.#calls >= MAX_CALLS) return undefined;
    const before = this.#arguments;
    this.#arguments = given;
    this.#calls += 1;
    try {
      return this.#run(body);
    } catch (error) {
      if (!(error instanceof Leave) || error.all) throw error;
      return undefined;
    } finally {
      this.#calls -= 1;
      this.#arguments = before;
    }
  }

  /** `NAME=value` alone sets a variable; before a command it is only for it, and taken away. */
  #assign(word: Word, alone: boolean): boolean {
    const [first] = word.parts;
    if (first?.kind !== "text" || !/^[A-Za-z_]\w*\+?=/.test(first.text)) return false;
    if (alone || this.#doubts === 0) this.#assignText(this.#expand({ ...word, quoted: true }).join(" "));
    return true;
  }

  #assignText(text: string): void {
    const [, name, plus, value] = /^([A-Za-z_]\w*)(\+?)=([\s\S]*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) return;
    const before = plus === "+" ? (this.#variables.get(name) ?? "") : "";
    const whole = before + value;
    this.#variables.set(name, isUnknown(whole) || whole.length > MAX_LENGTH ? undefined : whole);
  }

  /** The words that a word becomes: unquoted values fall apart at blanks. */
  #expand(word: Word): string[] {
    const words: string[] = [];
    let current: string | undefined = word.quoted ? "" : undefined;
    for (const part of word.parts) {
      if (part.kind === "text") {
        current = (current ?? "") + part.text;
        continue;
      }
      const value = part.kind === "variable" ? this.#valueOf(part) : (this.#world.outputs?.[part.text] ?? part.text);
      if (part.quoted || word.quoted || isUnknown(value)) {
        current = (current ?? "") + value;
        continue;
      }
      const [head = "", ...more] = value.split(/\s+/);
      if (head !== "") current = (current ?? "") + head;
      for (const piece of more) {
        if (current !== undefined) words.push(current);
        current = piece === "" ? undefined : piece;
      }
    }
    if (current !== undefined) words.push(current);
    return words.map((each) => each.slice(0, MAX_LENGTH));
  }

  #valueOf({ name, otherwise }: { readonly name: string; readonly otherwise: string | undefined }): string {
    if (/^[1-9]$/.test(name)) return this.#arguments[Number(name) - 1] ?? otherwise ?? "";
    if (name === "@" || name === "*") return this.#arguments.join(" ");
    if (name === "#") return String(this.#arguments.length);
    const value = this.#variables.get(name);
    if (value !== undefined) return value;
    return otherwise !== undefined && !this.#variables.has(name) ? otherwise : `$${name}`;
  }

  #test(words: readonly string[]): boolean | undefined {
    for (const [joint, decide] of [
      ["-o", or],
      ["||", or],
      ["-a", and],
      ["&&", and],
    ] as const) {
      const at = words.indexOf(joint);
      if (at > 0 && at < words.length - 1)
        return decide(this.#test(words.slice(0, at)), this.#test(words.slice(at + 1)));
    }
    const [first = "", second, third] = words;
    if (first === "!" && words.length > 1) return negated(this.#test(words.slice(1)));
    if (words.some((word) => isUnknown(word))) return undefined;
    if (words.length <= 1) return first !== "";
    if (words.length === 2) return this.#testOne(first, second ?? "");
    if (words.length !== 3 || second === undefined || third === undefined) return undefined;
    if (second === "=" || second === "==") return matches(first, third);
    if (second === "!=") return !matches(first, third);
    return undefined;
  }

  #testOne(operator: string, word: string): boolean | undefined {
    if (operator === "-n") return word !== "";
    if (operator === "-z") return word === "";
    const { look } = this.#world;
    if (!/^-[defhLrwxs]$/.test(operator) || look === undefined || !word.startsWith("/") || isDynamic(word))
      return undefined;
    const there = look(word);
    if (operator === "-d") return there === "symlink" ? undefined : there === "directory";
    if (operator === "-h" || operator === "-L") return there === "symlink";
    if (operator === "-f") return there === "symlink" ? undefined : there === "file";
    return operator === "-e" || there === undefined ? there !== undefined : undefined;
  }
}

function negated(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

function and(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  if (a === false || b === false) return false;
  return a === true && b === true ? true : undefined;
}

function or(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  return negated(and(negated(a), negated(b)));
}

/** No version is older than any; `lt-nl` and its like take it for newer. */
function compare([a = "", operator = "", b = ""]: readonly string[]): boolean | undefined {
  if (isUnknown(a) || isUnknown(b)) return undefined;
  const name = operator.replace(/-nl$/, "");
  const none = operator.endsWith("-nl") ? 1 : -1;
  if ((a !== "" && !isVersion(a)) || (b !== "" && !isVersion(b))) return undefined;
  const order = a === b ? 0 : a === "" ? none : b === "" ? -none : compareVersions(a, b);
  const results: Readonly<Record<string, boolean>> = {
    lt: order < 0,
    "<<": order < 0,
    le: order <= 0,
    "<=": order <= 0,
    eq: order === 0,
    "=": order === 0,
    ne: order !== 0,
    ge: order >= 0,
    ">=": order >= 0,
    gt: order > 0,
    ">>": order > 0,
  };
  return results[name];
}

/** A pattern of the shell, with `*` and `?` alone. */
function matches(text: string, pattern: string): boolean {
  if (!/[*?]/.test(pattern)) return text === pattern;
  const source = pattern
    .replace(/[\\^$.+()[\]{}|]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}

function isUnknown(text: string): boolean {
  return /[$`]/.test(text);
}

/** Whether the shell would put something else in the place of a part of the word. */
export function isDynamic(word: string): boolean {
  return /[$`*?]/.test(word);
}
