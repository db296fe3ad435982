import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Makes a directory that every user may enter, with those above it, whatever the umask. */
export function makeDirectory(path: string, mode = 0o755): void {
  if (existsSync(path)) return;
  if (!existsSync(dirname(path))) makeDirectory(dirname(path));
  mkdirSync(path);
  chmodSync(path, mode);
}

/** Writes a file with exactly this mode, whatever the umask. */
export function makeFile(path: string, text: string, mode = 0o644): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}
