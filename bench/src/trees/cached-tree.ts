import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes a directory once: kept while `recipe` stays the same. */
export async function cachedTree(directory: string, recipe: string, make: () => void | Promise<void>): Promise<string> {
  const mark = `${directory}.recipe`;
  if (existsSync(mark) && readFileSync(mark, "utf8") === recipe) return directory;
  rmSync(mark, { force: true });
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await make();
  writeFileSync(mark, recipe);
  return directory;
}

/** Writes `text` to a file of `directory`, with its folders. */
export function writeIn(directory: string, path: string, content: string | Uint8Array): void {
  const file = join(directory, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, content);
}
