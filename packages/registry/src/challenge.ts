/** What a registry wants before it answers (RFC 7235 §4.1; distribution spec, token authentication). */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** The first Bearer challenge of a `WWW-Authenticate` header, else the first of any kind; undefined when it has none. */
export function parseChallenge(header: string): Challenge | undefined {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const token = /\s*,?\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,"]*)))?/y;
  for (let match = token.exec(header); match !== null && match[0] !== ""; match = token.exec(header)) {
    const [, name = "", quoted, plain] = match;
    const value = quoted?.replace(/\\(.)/g, "$1") ?? plain;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
    else challenges.at(-1)?.parameters.set(name.toLowerCase(), value);
  }
  return challenges.find(({ scheme }) => scheme === "bearer") ?? challenges[0];
}
