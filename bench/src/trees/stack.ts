import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { SuiteContext } from "../suite.ts";
import { writeIn } from "./cached-tree.ts";

/** Targets of the stack's workspace: the first and the last of a stack on one base, of files and of scripts. */
export const STACK = {
  oneOfFiles: "//images/files:c1",
  tenOfFiles: "//images/files:c10",
  oneOfScripts: "//images/scripts:c1",
  tenOfScripts: "//images/scripts:c10",
} as const;

const HEIGHT = 10;

/** A workspace of ten images on one base, each on the one before and each as big as the others. */
export function stackTree({ options, scratch }: SuiteContext): string {
  const directory = join(scratch, "stack");
  const bytes = options.smoke ? 1 << 20 : 40 << 20;
  writeIn(directory, "package.json", '{ "name": "bench-stack", "private": true, "workspaces": [] }\n');
  for (let link = 0; link <= HEIGHT; link++) writeIn(directory, `files/${link}/data`, randomBytes(bytes));
  writeIn(
    directory,
    "images/files/image.ts",
    definition((link) => `copyToRoot: tree({ "/${link}": "//files/${link}" })`),
  );
  writeIn(
    directory,
    "images/scripts/image.ts",
    definition((link) => `runAsRoot: "cp /0/data /${link}"`),
  );
  return directory;
}

function definition(contentOf: (link: number) => string): string {
  const links = Array.from({ length: HEIGHT }, (_, index) => {
    const link = index + 1;
    return `export const c${link} = buildImage({ name: "c${link}", tag: "bench", fromImage: c${index}, ${contentOf(link)} });`;
  });
  return [
    'import { buildImage, tree } from "imgbuild";',
    'const c0 = buildImage({ name: "c0", tag: "bench", copyToRoot: tree({ "/0": "//files/0" }) });',
    ...links,
    "",
  ].join("\n");
}
