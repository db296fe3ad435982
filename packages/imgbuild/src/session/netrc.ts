/**
 * The `Authorization` that a .netrc has for the host of an address, over https or to this machine alone; undefined for none, and
 * where the address names a user itself. Macros are skipped; `default` is for hosts without a line.
 */
export function authorizationFor(url: string, netrc: string): string | undefined {
  if (netrc === "" || !URL.canParse(url)) return undefined;
  const { hostname, username, protocol } = new URL(url);
  const isHere = hostname === "localhost" || /^127\./.test(hostname);
  if (username !== "" || (protocol !== "https:" && !isHere)) return undefined;
  const found = entriesOf(netrc).find(({ machine }) => machine === undefined || machine === hostname);
  if (found?.login === undefined || found.password === undefined) return undefined;
  return `Basic ${Buffer.from(`${found.login}:${found.password}`).toString("base64")}`;
}

interface Entry {
  /** Undefined for the default. */
  readonly machine: string | undefined;
  login?: string;
  password?: string;
}

function entriesOf(netrc: string): Entry[] {
  const plain = netrc.replace(/^\s*#.*$/gm, "").replace(/\bmacdef\s[\s\S]*?(?:\n\s*\n|$)/g, "\n");
  const words = (plain.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? []).map(unquoted);
  const entries: Entry[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === "default") entries.push({ machine: undefined });
    else if (word === "machine") entries.push({ machine: words[++i] ?? "" });
    else if (word === "login" || word === "password") {
      const last = entries.at(-1);
      const value = words[++i];
      if (last !== undefined && value !== undefined) last[word] = value;
    } else if (word === "account") i++;
  }
  return entries;
}

function unquoted(word: string): string {
  return word.length > 1 && word.startsWith('"') && word.endsWith('"')
    ? word.slice(1, -1).replace(/\\(.)/g, "$1")
    : word;
}
