/** A part of a word: text as it stands, a variable, or what only running it would tell. */
export type WordPart =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "variable";
      readonly name: string;
      readonly otherwise: string | undefined;
      readonly quoted: boolean;
    }
  | { readonly kind: "unknown"; readonly text: string; readonly quoted: boolean };

/** A word, an operator, or the end of a line (as `;`). */
export type Token =
  | { readonly kind: "word"; readonly parts: readonly WordPart[]; readonly quoted: boolean }
  | { readonly kind: "operator"; readonly text: string };

const OPERATORS = /^(?:&&|\|\||;;&?|;&|[;|&()\n])/;
const REDIRECTION = /^(?:\d*)(?:&>>?|<<<|<<-?|>\||>>|<>|[<>]&?)/;

/**
 * The tokens of a shell script (sh, bash): comments, line continuations and the bodies of here-documents are left out, and so are
 * redirections with what they are to. Nothing is thrown: what is not closed ends with the script.
 */
export function shellTokens(script: string): readonly Token[] {
  return new Tokenizer(script).all();
}

class Tokenizer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  /** Here-documents that begin after this line: where each ends. */
  readonly #documents: { readonly end: string; readonly tabs: boolean }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  all(): readonly Token[] {
    while (this.#at < this.#text.length) this.#next();
    return this.#tokens;
  }

  #next(): void {
    const rest = this.#text.slice(this.#at, this.#at + 8);
    const char = rest.charAt(0);
    if (rest.startsWith("\\\n")) this.#at += 2;
    else if (char === " " || char === "\t" || char === "\r") this.#at += 1;
    else if (char === "#") this.#at = endOf(this.#text, "\n", this.#at);
    else if (REDIRECTION.test(rest)) this.#redirection(rest);
    else {
      const operator = OPERATORS.exec(rest)?.[0];
      if (operator === undefined) this.#word();
      else this.#operator(operator);
    }
  }

  #operator(text: string): void {
    this.#at += text.length;
    this.#tokens.push({ kind: "operator", text });
    if (text === "\n") this.#skipDocuments();
  }

  #redirection(rest: string): void {
    const operator = REDIRECTION.exec(rest)?.[0] ?? "";
    this.#at += operator.length;
    while (/[ \t]/.test(this.#text.charAt(this.#at))) this.#at += 1;
    const begin = this.#at;
    readWord(this.#text, this.#at, (at) => {
      this.#at = at;
    });
    if (!/<<-?$/.test(operator)) return;
    const end = this.#text.slice(begin, this.#at).replace(/["'\\]/g, "");
    this.#documents.push({ end, tabs: operator.endsWith("-") });
  }

  #skipDocuments(): void {
    for (const { end, tabs } of this.#documents.splice(0)) {
      while (this.#at < this.#text.length) {
        const stop = endOf(this.#text, "\n", this.#at);
        const line = this.#text.slice(this.#at, stop);
        this.#at = stop + 1;
        if ((tabs ? line.replace(/^\t+/, "") : line) === end) break;
      }
    }
  }

  #word(): void {
    const begin = this.#at;
    const { parts, quoted } = readWord(this.#text, this.#at, (at) => {
      this.#at = at;
    });
    // Nothing may stand still.
    if (this.#at === begin) this.#at += 1;
    else this.#tokens.push({ kind: "word", parts, quoted });
  }
}

function endOf(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at === -1 ? text.length : at;
}

/** One word from `from` on; `moved` is told where it ends. */
function readWord(
  text: string,
  from: number,
  moved: (at: number) => void,
): { readonly parts: readonly WordPart[]; readonly quoted: boolean } {
  const parts: WordPart[] = [];
  let at = from;
  let quoted = false;
  let plain = "";
  const flush = (): void => {
    if (plain !== "") parts.push({ kind: "text", text: plain });
    plain = "";
  };
  while (at < text.length && !/[\s;|&()<>]/.test(text.charAt(at))) {
    const char = text.charAt(at);
    if (char === "\\") {
      if (text.charAt(at + 1) !== "\n") plain += text.charAt(at + 1);
      at += 2;
    } else if (char === "'") {
      const end = endOf(text, "'", at + 1);
      plain += text.slice(at + 1, end);
      quoted = true;
      at = end + 1;
    } else if (char === '"') {
      quoted = true;
      flush();
      const inner = readQuoted(text, at + 1);
      parts.push(...inner.parts);
      at = inner.at;
    } else if (char === "$" || char === "`") {
      flush();
      const read = readDollar(text, at, false);
      parts.push(read.part);
      at = read.at;
    } else {
      plain += char;
      at += 1;
    }
  }
  flush();
  moved(Math.min(at, text.length));
  return { parts, quoted };
}

function readQuoted(text: string, from: number): { readonly parts: readonly WordPart[]; readonly at: number } {
  const parts: WordPart[] = [];
  let plain = "";
  let at = from;
  while (at < text.length && text.charAt(at) !== '"') {
    const char = text.charAt(at);
    if (char === "\\" && /[$`"\\\n]/.test(text.charAt(at + 1))) {
      if (text.charAt(at + 1) !== "\n") plain += text.charAt(at + 1);
      at += 2;
    } else if (char === "$" || char === "`") {
      if (plain !== "") parts.push({ kind: "text", text: plain });
      plain = "";
      const read = readDollar(text, at, true);
      parts.push(read.part);
      at = read.at;
    } else {
      plain += char;
      at += 1;
    }
  }
  if (plain !== "" || parts.length === 0) parts.push({ kind: "text", text: plain });
  return { parts, at: at + 1 };
}

function readDollar(text: string, from: number, quoted: boolean): { readonly part: WordPart; readonly at: number } {
  const unknown = (at: number) => ({ part: { kind: "unknown", text: text.slice(from, at), quoted } as const, at });
  if (text.charAt(from) === "`") return unknown(endOf(text, "`", from + 1) + 1);
  const simple = /^\$(?:([A-Za-z_]\w*|[0-9@*#?!$-])|\{([A-Za-z_]\w*|[0-9])(?::?-([\w/.,:@%+ -]*))?\})/.exec(
    text.slice(from, from + 200),
  );
  if (simple !== null) {
    const [whole, plain, braced, otherwise] = simple;
    const name = plain ?? braced ?? "";
    return { part: { kind: "variable", name, otherwise, quoted }, at: from + whole.length };
  }
  const open = text.charAt(from + 1);
  if (open !== "(" && open !== "{") return { part: { kind: "text", text: "$" }, at: from + 1 };
  return unknown(closing(text, from + 1));
}

/** The place after the bracket that closes the one at `from`. */
function closing(text: string, from: number): number {
  const pairs: Readonly<Record<string, string>> = { "(": ")", "{": "}" };
  const close = pairs[text.charAt(from)] ?? "";
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\") at += 1;
    else if (char === "'") at = endOf(text, "'", at + 1);
    else if (char === text.charAt(from)) depth += 1;
    else if (char === close) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}
