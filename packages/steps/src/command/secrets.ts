import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { ImgbuildError } from "@imgbuild/errors";
import type { SandboxBind } from "@imgbuild/sandbox";
import type { Command } from "./command-args.ts";

/** Where a command finds its secrets. */
const PLACE = "/run/secrets";

/** Shorter values are in every file: nobody could tell whether one leaked. */
const SHORTEST = 4;

/** A line of a secret that is shorter says nothing by itself. */
const SHORTEST_LINE = 8;

/** The secrets of one run of a command: what it may read, and nobody may keep or print. */
export class Secrets {
  readonly #values: ReadonlyMap<string, Buffer>;
  /** All forms in which a value must not get out, with the name of the secret; longest first. */
  readonly #forms: readonly { readonly name: string; readonly bytes: Buffer }[];
  readonly #longest: number;
  #seen: { readonly path: string; end: Buffer } = { path: "", end: Buffer.alloc(0) };

  /** `read` gives the value of a secret. Throws `usage` for one that is missing or cannot be guarded. */
  constructor(command: Command, read: (name: string) => Uint8Array | undefined) {
    const values = new Map<string, Buffer>();
    for (const { name, env } of command.secrets) {
      const value = Buffer.from(read(name) ?? []);
      if (value.length === 0) throw missing(name, command);
      if (value.toString("utf8").trim().length < SHORTEST) {
        throw new ImgbuildError(
          "usage",
          `Cannot give the secret "${name}" to the command "${command.title}": it has fewer than ${SHORTEST} characters`,
          {
            hint: "So short a value is in too many files for anybody to tell whether it got out: take a longer one",
          },
        );
      }
      if (env && value.includes(0)) {
        throw new ImgbuildError(
          "usage",
          `Cannot give the secret "${name}" to the command "${command.title}" as a variable: it has a NUL byte`,
          {
            hint: `Let the command read ${PLACE}/${name}`,
          },
        );
      }
      values.set(name, value);
    }
    this.#values = values;
    this.#forms = [...values]
      .flatMap(([name, value]) => formsOf(value).map((bytes) => ({ name, bytes })))
      .sort((a, b) => b.bytes.length - a.bytes.length);
    this.#longest = this.#forms[0]?.bytes.length ?? 0;
  }

  /** Writes them below a directory, which the caller removes as soon as the command has ended. None: no place at all. */
  place(directory: string): SandboxBind[] {
    if (this.#values.size === 0) return [];
    mkdirSync(directory);
    for (const [name, value] of this.#values) {
      writeFileSync(`${directory}/${name}`, value, { mode: 0o400 });
      // Others cannot come here: the directory above is closed to them.
      chmodSync(`${directory}/${name}`, 0o444);
    }
    chmodSync(directory, 0o755);
    return [{ source: directory, target: PLACE, readOnly: true }];
  }

  /** A line without the values. */
  redact(line: string): string {
    if (this.#forms.length === 0) return line;
    return this.#forms.reduce((text, { bytes }) => text.replaceAll(bytes.toString("utf8"), "***"), line);
  }

  /**
   * Looks at what is about to be kept: the name of a file (no bytes), then its bytes in order. Throws `script-failed` where a secret
   * is in it.
   */
  inspect(path: string, bytes: Uint8Array | undefined, command: Command): void {
    if (this.#forms.length === 0) return;
    if (bytes === undefined) this.#seen = { path, end: Buffer.alloc(0) };
    const text = bytes === undefined ? Buffer.from(path) : Buffer.concat([this.#seen.end, bytes]);
    const found = this.#forms.find((form) => text.includes(form.bytes));
    if (found !== undefined) throw leaked(found.name, { path, command, inName: bytes === undefined });
    if (bytes !== undefined) this.#seen.end = text.subarray(Math.max(0, text.length - this.#longest + 1));
  }
}

/** Shell text that makes variables of secrets; empty for none. It never stands in an argument, where others could see it. */
export function secretVariables({ secrets }: Command): string {
  return secrets
    .filter(({ env }) => env)
    .map(({ name }) => `${name}=$(cat ${PLACE}/${name}); export ${name}; `)
    .join("");
}

/** The value as it is, and as tools write such things: base64, hex, percent-encoded, in JSON; long lines of it alone. */
function formsOf(value: Buffer): Buffer[] {
  const text = value.toString("utf8");
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const plain = [text.trim(), ...lines.filter((line) => line.length >= SHORTEST_LINE)];
  const coded = plain.flatMap((each) => {
    const bytes = Buffer.from(each);
    const json = JSON.stringify(each).slice(1, -1);
    return [each, json, encodeURIComponent(each), bytes.toString("hex"), ...base64Forms(bytes)];
  });
  const forms = coded.filter((form) => form.length >= SHORTEST).map((form) => Buffer.from(form));
  return [...new Map([value, ...forms].map((form) => [form.toString("latin1"), form])).values()];
}

/** What is the same in the base64 of every text that holds the value: it depends on where in three bytes it begins. */
function base64Forms(value: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), value]);
    const encoded = whole.toString("base64").replace(/=+$/, "");
    const first = before === 0 ? 0 : before + 1;
    const last = whole.length % 3 === 0 ? encoded.length : encoded.length - 1;
    const sure = encoded.slice(first, last);
    return sure.length < SHORTEST_LINE ? [] : [sure, sure.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function missing(name: string, { title }: Command): ImgbuildError {
  return new ImgbuildError("usage", `Cannot run the command "${title}": there is no secret "${name}"`, {
    hint: `Set the variable ${name} for this run, or ${name}_FILE to the path of a file that holds it`,
  });
}

function leaked(
  name: string,
  { path, command, inName }: { readonly path: string; readonly command: Command; readonly inName: boolean },
): ImgbuildError {
  const where = inName ? "the name of a file" : `"${path}"`;
  return new ImgbuildError(
    "script-failed",
    `Cannot keep the outputs of the command "${command.title}": ${where} holds the secret "${name}"`,
    {
      hint: "Let the command leave it out of what it writes",
    },
  );
}
