import { lookup } from "node:dns/promises";
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ErrorCode, exitCodeOf } from "./error-code.ts";
import { fromUnknown, systemCode } from "./from-unknown.ts";
import { atPosition, combineErrors, ImgbuildError } from "./imgbuild-error.ts";

const dir = mkdtempSync(join(tmpdir(), "imgbuild-errors-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("errors of the system", () => {
  test.each<[string, () => unknown, ErrorCode, string]>([
    ["a missing file", () => readFileSync(join(dir, "no")), "input-missing", "no such file or directory"],
    ["a file as a directory", () => readFileSync(join(__filename, "x")), "input-missing", "a part of the path is not"],
    ["a directory as a file", () => readFileSync(dir), "io", "it is a directory"],
    ["a name without end", () => readFileSync(join(dir, "x".repeat(300))), "io", "the name is too long"],
    ["a full device", () => writeFileSync("/dev/full", "x"), "disk-full", "no space left on the device"],
    [
      "a circle of links",
      () => {
        symlinkSync("circle", join(dir, "circle"));
        return readFileSync(join(dir, "circle"));
      },
      "io",
      "too many symbolic links",
    ],
  ])("%s is told in plain words, with the action and the error that caused it", (_, action, code, words) => {
    const cause = thrownBy(action);
    const error = fromUnknown(cause, 'Cannot read "x"');
    expect(error).toMatchObject({ code, cause });
    expect(error.message).toMatch(/^Cannot read "x": /);
    expect(error.message).toContain(words);
    expect(error.message).not.toMatch(/\bE[A-Z]{3,}/);
  });

  test("one that is not known keeps what the system says, and is no bug of ours", () => {
    mkdirSync(join(dir, "full/inner"), { recursive: true });
    const full = fromUnknown(
      thrownBy(() => rmdirSync(join(dir, "full"))),
      "Cannot remove it",
    );
    expect(full).toMatchObject({ code: "io", message: expect.stringContaining("directory not empty") });
    const other = fromUnknown(
      Object.assign(new Error("EXDEV: cross-device link"), { code: "EXDEV" }),
      "Cannot move it",
    );
    expect(other).toMatchObject({ code: "io", message: "Cannot move it: EXDEV: cross-device link" });
  });

  test("codes with an underscore are the system's, but for those of Node itself", async () => {
    expect(systemCode({ code: "EAI_AGAIN" })).toBe("EAI_AGAIN");
    const unknownHost = await lookup("no-such-host.invalid").catch((error: unknown) => error);
    expect(fromUnknown(unknownHost, "Cannot reach it").code).toBe("io");
    const mistake = thrownBy(() => readFileSync("a\0b"));
    expect(systemCode(mistake)).toBeUndefined();
    expect(fromUnknown(mistake, "Cannot read it").code).toBe("internal");
  });

  test.each([null, undefined, 5, "text", { message: "m" }, Symbol("s"), () => 1])("%p can be thrown too", (thrown) => {
    const error = fromUnknown(thrown, "Cannot go on");
    expect([error.code, error.cause]).toEqual(["internal", thrown]);
  });

  test("an error of ours is not wrapped", () => {
    const own = new ImgbuildError("conflict", "Two things");
    expect(fromUnknown(own, "Cannot read it")).toBe(own);
  });
});

describe("errors together", () => {
  const one = new ImgbuildError("definition", "One", { hint: "Do", position: { file: "a", line: 1, column: 2 } });
  const two = new ImgbuildError("conflict", "Two");

  test("the first leads, the others are related, and what is said twice comes once", () => {
    const both = combineErrors([one, two, one]);
    expect(both).toMatchObject({
      code: "definition",
      message: "One",
      hint: "Do",
      position: one.position,
      related: [two],
    });
    expect(combineErrors([both, combineErrors([two, one])]).related).toEqual([two]);
    expect(combineErrors([one])).toBe(one);
  });

  test("the same words at two places are two errors", () => {
    const elsewhere = atPosition(new ImgbuildError("definition", "One"), { file: "b", line: 1, column: 1 });
    expect(combineErrors([one, elsewhere]).related).toEqual([elsewhere]);
  });

  test("a place is added where there is none, and nothing else is lost", () => {
    const placed = atPosition(combineErrors([two, one]), { file: "b", line: 3, column: 4 });
    expect(placed).toMatchObject({ code: "conflict", message: "Two", position: { file: "b" }, related: [one] });
    expect(atPosition(one, { file: "b", line: 3, column: 4 })).toBe(one);
    expect(atPosition(two, null)).toBe(two);
  });
});

test("exit codes are those of the manual, and none is taken by the shell", () => {
  const table: readonly [ErrorCode, number][] = [
    ["usage", 2],
    ["definition", 2],
    ["check-failed", 3],
    ["integrity", 4],
    ["internal", 70],
    ["unavailable", 75],
    ["input-changed", 75],
    ["cancelled", 130],
  ];
  for (const [code, exit] of table) expect(exitCodeOf(code)).toBe(exit);
  const manual = readFileSync(join(__dirname, "../../../README.md"), "utf8");
  for (const [, exit] of table.filter(([, each]) => each < 128))
    expect(manual).toMatch(new RegExp(`^\\| ${exit} `, "m"));
});
