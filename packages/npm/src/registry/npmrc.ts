/** Key → value of one .npmrc; a key given as `key[]=` has all its values. */
export type NpmrcSettings = ReadonlyMap<string, string | readonly string[]>;

/**
 * Reads a .npmrc: ini without sections, `;` and `#` comments, quoted values, `key[] = value` lists (npm's `ini`).
 * `${NAME}` stands for a variable of `env`; `${NAME?}` for it or nothing; an unset `${NAME}` stays as it is.
 */
export function readNpmrc(text: string, env: Readonly<Record<string, string | undefined>>): NpmrcSettings {
  const settings = new Map<string, string | readonly string[]>();
  for (const line of text.replace(/^\uFEFF/, "").split(/[\r\n]+/)) {
    if (/^\s*(?:[;#[]|$)/.test(line)) continue;
    const [, rawKey = "", assigned, rawValue = ""] = /^([^=]+)(=(.*))?$/.exec(line) ?? [];
    const key = expandVariables(unquote(rawKey), env);
    const value = assigned === undefined ? "true" : expandVariables(unquote(rawValue), env);
    if (key === "") continue;
    if (!key.endsWith("[]")) {
      settings.set(key, value);
      continue;
    }
    const list = settings.get(key.slice(0, -2)) ?? [];
    settings.set(key.slice(0, -2), [...(typeof list === "string" ? [list] : list), value]);
  }
  return settings;
}

/** Replaces `${NAME}` and `${NAME?}`; a backslash before `$` keeps it (@npmcli/config, env-replace). */
export function expandVariables(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replace(
    /(?<!\\)(\\*)\$\{([^${}?]+)(\?)?\}/g,
    (all: string, escapes: string, name: string, mark?: string) => {
      if (escapes.length % 2 === 1) return all.slice((escapes.length + 1) / 2);
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      return escapes.slice(escapes.length / 2) + (value ?? (mark === "?" ? "" : `\${${name}}`));
    },
  );
}

function unquote(raw: string): string {
  const text = raw.trim();
  const quote = text[0];
  if (text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote)) {
    if (quote === "'") return text.slice(1, -1);
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "string") return value;
    } catch {
      return text;
    }
  }
  return text.replace(/\\([\\;#])|[;#].*$/g, (_, escaped?: string) => escaped ?? "").trim();
}
