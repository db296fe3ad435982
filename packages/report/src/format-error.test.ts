import { ImgbuildError } from "@imgbuild/errors";
import { formatError } from "./format-error.ts";

const position = { file: "images/api/image.ts", line: 3, column: 3 };
const show = (error: ImgbuildError, source?: string): string =>
  formatError(error, { colour: false, readLine: () => source });

test("an error is its message, its place with the source line, and its hint", () => {
  const error = new ImgbuildError("definition", 'Unknown attribute "nam": buildImage has "name"', {
    position,
    hint: 'Write "name"',
  });
  expect(show(error, '  nam: "api",')).toBe(
    [
      'error[definition]: Unknown attribute "nam": buildImage has "name"',
      "  at images/api/image.ts:3:3",
      '    3 |   nam: "api",',
      "      |   ^",
      '  hint: Write "name"',
    ].join("\n"),
  );
});

test("without a source line there is the place alone", () => {
  expect(show(new ImgbuildError("definition", "Wrong", { position }))).toBe(
    "error[definition]: Wrong\n  at images/api/image.ts:3:3",
  );
});

test("the caret stands under its place behind tabs and wide characters, and in very long lines", () => {
  const caretOf = (source: string, column: number): [string, number] => {
    const error = new ImgbuildError("definition", "Wrong", { position: { ...position, column } });
    const [, , line = "", caret = ""] = show(error, source).split("\n");
    return [line, caret.indexOf("^")];
  };
  expect(caretOf("\t\tx", 3)).toEqual(["    3 |   x", 10]);
  expect(caretOf("漢x", 2)).toEqual(["    3 | 漢x", 10]);
  const [line, caret] = caretOf(`${"a".repeat(5000)}!${"b".repeat(5000)}`, 5001);
  expect(line.length).toBeLessThan(140);
  expect(line.charAt(caret)).toBe("!");
  expect(caretOf("x", 0)).toEqual(["    3 | x", 8]);
});

test("related errors follow in the same form, each once", () => {
  const second = new ImgbuildError("input-missing", 'Cannot read "b": no such file', { hint: "Make it" });
  const first = new ImgbuildError("input-missing", 'Cannot read "a": no such file', { related: [second, second] });
  expect(show(first)).toBe(
    [
      'error[input-missing]: Cannot read "a": no such file',
      'error[input-missing]: Cannot read "b": no such file',
      "  hint: Make it",
    ].join("\n"),
  );
});

test("what a file or a server said cannot act on the terminal, nor betray a password", () => {
  const error = new ImgbuildError("refused", 'Cannot get "https://me:secret@host/x": \u001b[2Jgone\nsecond line');
  expect(show(error)).toBe('error[refused]: Cannot get "https://***@host/x": \\x1b[2Jgone\n  second line');
});

test("colour marks code and hint", () => {
  const error = new ImgbuildError("io", "Cannot write", { hint: "Try" });
  expect(formatError(error, { colour: true })).toBe(
    "\u001b[31m\u001b[1merror[io]\u001b[22m\u001b[39m: Cannot write\n  \u001b[1mhint\u001b[22m: Try",
  );
});

test("stack traces and causes stay inside", () => {
  expect(show(new ImgbuildError("internal", "Internal error: x", { cause: new Error("deep") }))).toBe(
    "error[internal]: Internal error: x",
  );
});
