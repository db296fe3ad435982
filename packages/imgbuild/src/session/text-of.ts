import { readFileSync } from "node:fs";

/** The text of a file of this machine's settings. A file that is not there, or may not be read, says nothing. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
