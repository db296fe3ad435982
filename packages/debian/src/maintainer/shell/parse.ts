import { shellTokens, type Token, type WordPart } from "./tokens.ts";

/** A word that is not expanded yet. */
export interface Word {
  readonly parts: readonly WordPart[];
  readonly quoted: boolean;
}

/** A piece of a script. */
export type Node =
  | { readonly kind: "command"; readonly words: readonly Word[] }
  /** Commands after each other; the operator stands before each but the first: `;`, `&&`, `||` or `|`. */
  | { readonly kind: "list"; readonly items: readonly { readonly operator: string; readonly node: Node }[] }
  | { readonly kind: "not"; readonly node: Node }
  | {
      readonly kind: "if";
      readonly branches: readonly { readonly test: Node; readonly body: Node }[];
      readonly otherwise: Node;
    }
  | { readonly kind: "for"; readonly name: string; readonly words: readonly Word[]; readonly body: Node }
  | { readonly kind: "while"; readonly test: Node; readonly body: Node }
  | {
      readonly kind: "case";
      readonly word: Word;
      readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: Node }[];
    }
  | { readonly kind: "function"; readonly name: string; readonly body: Node };

/** Nothing sensible is nested deeper. */
const MAX_DEPTH = 60;

/**
 * The structure of a shell script, as far as its simple commands are concerned. Nothing is thrown: what is not closed ends with the
 * script, and words out of place are passed over.
 */
export function parseShell(script: string): Node {
  return new Parser(shellTokens(script)).script();
}

const EMPTY: Node = { kind: "list", items: [] };

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  script(): Node {
    const items: { operator: string; node: Node }[] = [];
    while (this.#at < this.#tokens.length) {
      items.push({ operator: ";", node: this.#list([]) });
      // A word that closes nothing.
      if (this.#at < this.#tokens.length) this.#at += 1;
    }
    return { kind: "list", items };
  }

  /** Until one of `ends`, which is not taken. */
  #list(ends: readonly string[]): Node {
    const items: { operator: string; node: Node }[] = [];
    let operator = ";";
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === undefined) break;
      if (token.kind === "operator") {
        if (token.text === ")" || token.text.startsWith(";;") || token.text === ";&") break;
        if (token.text !== "(") {
          this.#at += 1;
          if (token.text !== "\n" || !/^(?:&&|\|\||\|)$/.test(operator)) operator = token.text;
          continue;
        }
      } else if (this.#keyword(ends) !== undefined) break;
      const before = this.#at;
      const plain = operator === "\n" || operator === "&" ? ";" : operator;
      items.push({ operator: plain, node: this.#command() });
      operator = ";";
      if (this.#at === before) this.#at += 1;
    }
    return { kind: "list", items };
  }

  /** The word here, when it is one of some control words. */
  #keyword(words: readonly string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word" || token.quoted || token.parts.length !== 1) return undefined;
    const [part] = token.parts;
    return part?.kind === "text" && words.includes(part.text) ? part.text : undefined;
  }

  #take(...words: readonly string[]): string | undefined {
    const found = this.#keyword(words);
    if (found !== undefined) this.#at += 1;
    return found;
  }

  #takeOperator(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "operator" || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #command(): Node {
    this.#depth += 1;
    try {
      if (this.#depth > MAX_DEPTH) return this.#simple();
      if (this.#takeOperator("(")) return this.#group(")");
      const keyword = this.#take("!", "if", "for", "while", "until", "case", "{", "function");
      if (keyword === "!") return { kind: "not", node: this.#command() };
      if (keyword === "if") return this.#if();
      if (keyword === "for") return this.#for();
      if (keyword === "while" || keyword === "until") return this.#while();
      if (keyword === "case") return this.#case();
      if (keyword === "{") return this.#group("}");
      return this.#simple();
    } finally {
      this.#depth -= 1;
    }
  }

  #group(end: ")" | "}"): Node {
    const body = this.#list(end === "}" ? ["}"] : []);
    if (end === "}") this.#take("}");
    else this.#takeOperator(")");
    return body;
  }

  #if(): Node {
    const branches: { test: Node; body: Node }[] = [];
    let otherwise: Node = EMPTY;
    for (;;) {
      const test = this.#list(["then", "fi", "elif", "else"]);
      this.#take("then");
      branches.push({ test, body: this.#list(["elif", "else", "fi"]) });
      if (this.#take("elif") === undefined) break;
    }
    if (this.#take("else") !== undefined) otherwise = this.#list(["fi"]);
    this.#take("fi");
    return { kind: "if", branches, otherwise };
  }

  #for(): Node {
    const name = textOf(this.#word());
    while (this.#takeOperator("\n"));
    const words: Word[] = [];
    if (this.#take("in") !== undefined) {
      for (let token = this.#tokens[this.#at]; token?.kind === "word"; token = this.#tokens[this.#at]) {
        words.push(token);
        this.#at += 1;
      }
    } else words.push({ parts: [{ kind: "variable", name: "@", otherwise: undefined, quoted: false }], quoted: false });
    return { kind: "for", name, words, body: this.#loop() };
  }

  #while(): Node {
    const test = this.#list(["do", "done"]);
    return { kind: "while", test, body: this.#loop() };
  }

  #loop(): Node {
    while (this.#takeOperator("\n") || this.#takeOperator(";"));
    this.#take("do");
    const body = this.#list(["done"]);
    this.#take("done");
    return body;
  }

  #case(): Node {
    const word = this.#word() ?? { parts: [], quoted: false };
    const branches: { patterns: Word[]; body: Node }[] = [];
    this.#skipLines();
    this.#take("in");
    for (;;) {
      this.#skipLines();
      if (this.#take("esac") !== undefined || this.#at >= this.#tokens.length) break;
      this.#takeOperator("(");
      const patterns: Word[] = [];
      for (let pattern = this.#word(); pattern !== undefined; pattern = this.#word()) {
        patterns.push(pattern);
        if (!this.#takeOperator("|")) break;
      }
      const before = this.#at;
      this.#takeOperator(")");
      branches.push({ patterns, body: this.#list(["esac"]) });
      for (const end of [";;", ";;&", ";&"]) this.#takeOperator(end);
      if (this.#at === before) this.#at += 1;
    }
    return { kind: "case", word, branches };
  }

  #skipLines(): void {
    while (this.#takeOperator("\n"));
  }

  #word(): Word | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word") return undefined;
    this.#at += 1;
    return token;
  }

  #simple(): Node {
    const words: Word[] = [];
    for (let word = this.#word(); word !== undefined; word = this.#word()) {
      words.push(word);
      const next = this.#tokens[this.#at];
      if (words.length > 1 || next?.kind !== "operator" || next.text !== "(") continue;
      const name = textOf(words[0]);
      this.#at += 1;
      if (!this.#takeOperator(")")) continue;
      this.#skipLines();
      return { kind: "function", name, body: this.#command() };
    }
    return { kind: "command", words };
  }
}

/** A word without variables as it stands; empty for others. */
function textOf(word: Word | undefined): string {
  const parts = word?.parts ?? [];
  return parts.every((part) => part.kind === "text")
    ? parts.map((part) => (part.kind === "text" ? part.text : "")).join("")
    : "";
}
