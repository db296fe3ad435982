import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Options } from "yargs";
import { commandName } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";
import { BUILD_OPTIONS, GLOBAL_OPTIONS } from "./options.ts";

const README = readFileSync(join(__dirname, "../../../../README.md"), "utf8");

/** How people would look for a flag: by its long name or by its letter. */
function names(name: string, option: Options): string[] {
  const long = option.default === true ? `--no-${name}` : `--${name}`;
  return [long, ...(typeof option.alias === "string" ? [`-${option.alias}`] : [])];
}

test.each(COMMANDS.map((spec) => [commandName(spec), spec] as const))(
  "%s is in the README with its own flags",
  (name, spec) => {
    const row = README.split("\n").find((line) => new RegExp(`^\\| \`${name}[ \`\\\\]`).test(line));
    expect(row).toBeDefined();
    for (const [flag, option] of Object.entries(spec.options)) {
      if (Object.hasOwn(BUILD_OPTIONS, flag) && row?.includes("build flags")) continue;
      expect({ flag, told: names(flag, option).some((each) => row?.includes(each)) }).toEqual({ flag, told: true });
    }
  },
);

test.each(Object.entries({ ...GLOBAL_OPTIONS, ...BUILD_OPTIONS }))(
  "the common flag %s is in the README",
  (flag, option) => {
    const lines = README.split("\n")
      .filter((line) => /^(Common|Build) flags:/.test(line))
      .join("\n");
    expect(names(flag, option).some((each) => lines.includes(`\`${each}`))).toBe(true);
  },
);

test("the README lists no command that does not exist", () => {
  const table = README.slice(README.indexOf("## Commands"), README.indexOf("Common flags:"));
  const listed = [...table.matchAll(/^\| `([a-z]+)/gm)].map((match) => match[1]);
  expect(listed.sort()).toEqual(COMMANDS.map(commandName).sort());
});
