import { writeFileSync } from "node:fs";

let count = 0;

/** Gives a file a content that it never had. */
export function editFile(file: string): void {
  writeFileSync(file, `export const edit = "${process.pid}-${Date.now()}-${count++}";\n`);
}
