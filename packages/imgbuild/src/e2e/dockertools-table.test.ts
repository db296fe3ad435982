import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const DOCS = readFileSync(join(__dirname, "../../../../docs/dockertools.md"), "utf8");
const CASE = /D[TMF]-\d+b?/g;

const ROWS = DOCS.split("\n").flatMap((line) => {
  const [, section = "", cases = "", test = "", result = ""] = line.split("|").map((cell) => cell.trim());
  const file = /\((.*)\)/.exec(test)?.[1];
  return /^[A-L]$/.test(section) ? [{ cases: cases.match(CASE) ?? [], file, result }] : [];
});

describe("the table of acceptance cases", () => {
  test("names for each case a test that has it, or says why there is none", () => {
    for (const { cases, file, result } of ROWS) {
      const text = file === undefined ? "" : readFileSync(join(__dirname, "../../../../docs", file), "utf8");
      const lacking = file === undefined ? [] : cases.filter((id) => !text.includes(id));
      expect({ cases, lacking, says: result !== "" }).toEqual({ cases, lacking: [], says: true });
    }
  });

  test("has every case that a test has", () => {
    const listed = new Set(ROWS.flatMap(({ cases }) => cases));
    const tested = readdirSync(__dirname)
      .filter((file) => /^dockertools-.*\.test\.ts$/.test(file))
      .flatMap((file) => readFileSync(join(__dirname, file), "utf8").match(CASE) ?? []);
    expect(tested.filter((id) => !listed.has(id))).toEqual([]);
    expect(listed.size).toBeGreaterThan(60);
  });
});
