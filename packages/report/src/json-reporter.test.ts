import { ImgbuildError } from "@imgbuild/errors";
import type { BuildEvent } from "@imgbuild/graph";
import fc from "fast-check";
import { jsonReporter } from "./json-reporter.ts";

function written(events: readonly BuildEvent[]): string {
  let text = "";
  let clock = 1000;
  const reporter = jsonReporter({ write: (part) => (text += part), now: () => clock++ });
  for (const event of events) reporter.emit(event);
  return text;
}

test("each event is one object on one line, with version and time", () => {
  const start: BuildEvent = { type: "run.start", command: "build", targets: ["//a"], jobs: 2 };
  const wait: BuildEvent = { type: "lock.wait", label: "//a", holder: "process 42" };
  expect(written([start, wait])).toBe(
    '{"v":1,"t":1,"type":"run.start","command":"build","targets":["//a"],"jobs":2}\n' +
      '{"v":1,"t":2,"type":"lock.wait","label":"//a","holder":"process 42"}\n',
  );
});

test("an error is code, message, hint, position and related errors; no stack, no cause", () => {
  const related = new ImgbuildError("io", "Cannot write", { hint: "Try" });
  const position = { file: "a.ts", line: 1, column: 2 };
  const error = new ImgbuildError("definition", "Wrong", { position, related: [related], cause: new Error("deep") });
  expect(JSON.parse(written([{ type: "target.failed", label: "//a", error }]))).toEqual({
    v: 1,
    t: 1,
    type: "target.failed",
    label: "//a",
    error: {
      code: "definition",
      message: "Wrong",
      hint: null,
      position,
      related: [{ code: "io", message: "Cannot write", hint: "Try", position: null, related: [] }],
    },
  });
});

test("credentials are hidden", () => {
  expect(written([{ type: "warning", message: "see https://me:pw@host/" }])).toContain("https://***@host/");
});

test("any text at all gives one parseable line that no terminal acts on", () =>
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
      const message = String.fromCharCode(...units);
      const text = written([{ type: "warning", message }]);
      expect(text.match(/\n/g)).toHaveLength(1);
      expect(JSON.parse(text)).toMatchObject({ type: "warning" });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
      expect(text.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    }),
  ));
