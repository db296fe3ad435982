import { ImgbuildError } from "@imgbuild/errors";
import type { Options } from "yargs";

/** The default of every option that has a variable in the environment: `IMGBUILD_KEEP_GOING=1` is `--keep-going`. */
export function withEnvironment(
  options: Readonly<Record<string, Options>>,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, Options> {
  const result: Record<string, Options> = {};
  for (const [name, option] of Object.entries(options)) {
    const variable = `IMGBUILD_${name.toUpperCase().replaceAll("-", "_")}`;
    const text = env[variable];
    result[name] = text === undefined || text === "" ? option : { ...option, default: parse(text, option, variable) };
  }
  return result;
}

function parse(text: string, option: Options, variable: string): unknown {
  if (option.type === "boolean") {
    if (["1", "true", "yes", "on"].includes(text)) return true;
    if (["0", "false", "no", "off"].includes(text)) return false;
    throw wrong(variable, text, "wanted 1 or 0");
  }
  if (option.choices !== undefined && !option.choices.includes(text)) {
    throw wrong(variable, text, `wanted one of ${option.choices.join(", ")}`);
  }
  return option.type === "number" ? Number(text) : text;
}

function wrong(variable: string, text: string, what: string): ImgbuildError {
  return new ImgbuildError("usage", `Cannot use the variable ${variable}=${JSON.stringify(text)}: ${what}`, {
    hint: `Set ${variable} to a valid value, or unset it`,
  });
}
