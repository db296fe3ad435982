/**
 * The simple commands of a shell script as lists of words: enough to find what `adduser` and `update-alternatives` are
 * called with. Quotes and line continuations are taken away, control words and comments left out. Words keep `$` where the
 * shell would put something in: who reads them has to look.
 */
export function shellCommands(script: string): readonly (readonly string[])[] {
  const commands: string[][] = [];
  let words: string[] = [];
  const end = (): void => {
    while (words[0] !== undefined && CONTROL.has(words[0])) words.shift();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  const token =
    /(#[^\n]*)|(&&|\|\||;;|[;|&()\n{}])|((?:\\[^\n]|'[^']*'|"(?:\\.|[^"\\])*"|\$\{[^}\n]*\}|[^\s;|&()#'"\\{}]|(?<=[^\s])[#{}])+)/gs;
  for (const [, , operator, word] of script.replace(/\\\n/g, " ").matchAll(token)) {
    if (operator !== undefined) end();
    else if (word !== undefined) words.push(unquote(word));
  }
  end();
  return commands;
}

const CONTROL = new Set([
  "if",
  "then",
  "else",
  "elif",
  "do",
  "while",
  "until",
  "!",
  "time",
  "case",
  "fi",
  "done",
  "esac",
]);

function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/gs,
    (_all, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? "",
  );
}

/** Whether the shell would put something else in the place of a part of the word. */
export function isDynamic(word: string): boolean {
  return /[$`*?]/.test(word);
}
