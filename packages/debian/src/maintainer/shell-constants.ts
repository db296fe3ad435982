const ASSIGNMENT =
  /^[ \t]*(?:export[ \t]+|readonly[ \t]+)?([A-Za-z_]\w*)=("(?:[^"\\`$]|\$\{?[A-Za-z_]\w*\}?)*"|'[^'\n]*'|(?:[\w/.,:@%+-]|\$\{?[A-Za-z_]\w*\}?)*)[ \t]*(?:;|#.*|\n|$)/gm;
const REFERENCE = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g;

/**
 * A shell script with the values of its constants in their places: of variables that are set once, to something that is known. What
 * they stand for is then to be read off, as in `adduser "$USER"`.
 */
export function withConstants(script: string): string {
  const constants = new Map<string, string>();
  const put = (text: string): string =>
    text.replace(REFERENCE, (whole, braced?: string, plain?: string) => constants.get(braced ?? plain ?? "") ?? whole);
  for (const [, name = "", written = ""] of script.matchAll(ASSIGNMENT)) {
    const isOnly = [...script.matchAll(new RegExp(`(?<![\\w$])${name}=`, "g"))].length === 1 && !isRead(script, name);
    const value = written.startsWith("'") ? written.slice(1, -1) : put(written.replace(/^"|"$/g, ""));
    if (isOnly && !value.includes("$")) constants.set(name, value);
  }
  return constants.size === 0 ? script : put(script);
}

/** Whether a loop or `read` sets it too. */
function isRead(script: string, name: string): boolean {
  return new RegExp(`\\b(?:for|read|local|unset)\\b[^\\n;]*\\b${name}\\b`).test(script);
}
