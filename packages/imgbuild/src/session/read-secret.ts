import { readFileSync } from "node:fs";
import { fromUnknown, ImgbuildError } from "@imgbuild/errors";

/**
 * A secret by its name: the variable of that name, or the file that the variable `NAME_FILE` names, whose last line break is no part
 * of it. Undefined when neither is set. Throws `usage` for a file that cannot be read; the value is in no message.
 */
export function readSecret(env: Readonly<Record<string, string | undefined>>, name: string): Uint8Array | undefined {
  const value = env[name];
  if (value !== undefined && value !== "") return Buffer.from(value);
  const file = env[`${name}_FILE`];
  if (file === undefined || file === "") return undefined;
  try {
    const bytes = readFileSync(file);
    const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : undefined;
    return bytes.subarray(0, end);
  } catch (error) {
    const { message } = fromUnknown(error, `Cannot read the secret "${name}" from "${file}"`);
    throw new ImgbuildError("usage", message, { hint: `Correct the variable ${name}_FILE`, cause: error });
  }
}
