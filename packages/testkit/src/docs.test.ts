import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(__dirname, "../../..");
const DOCUMENTS = execFileSync("git", ["ls-files", "-z", "*.md"], { cwd: ROOT, encoding: "utf8" })
  .split("\0")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));

test.each(DOCUMENTS)("%s links to what is there", (file) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  const targets = [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "");
  const files = targets.filter((target) => !/^[a-z]+:/.test(target));
  expect(files.filter((target) => !existsSync(join(ROOT, dirname(file), target)))).toEqual([]);
});

test.each(DOCUMENTS.filter((file) => /^packages\/[^/]+\/README\.md$/.test(file)))("%s has at most 60 lines", (file) => {
  expect(readFileSync(join(ROOT, file), "utf8").split("\n").length).toBeLessThanOrEqual(61);
});
