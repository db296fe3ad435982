import { OutputLines } from "./output-lines.ts";

function linesOf(pieces: readonly (string | Uint8Array)[]): readonly (readonly string[])[] {
  const taken: (readonly string[])[] = [];
  const lines = new OutputLines((said) => taken.push(said));
  for (const piece of pieces) lines.add(Buffer.from(piece));
  lines.end();
  return taken;
}

test("lines come whole, however they are cut, the last without a line break too", () => {
  const euro = Buffer.from("10 €");
  const pieces = ["a\nb", "c\n\n", euro.subarray(0, 4), euro.subarray(4), "\nrest"];
  expect(linesOf(pieces)).toEqual([["a"], ["bc", ""], ["10 €"], ["rest"]]);
});

test("of a line that was drawn again the last drawing counts", () => {
  expect(linesOf(["1 %\r50 %\r100 %\nwindows\r\n"])).toEqual([["100 %", "windows"]]);
});

test("an endless line is passed on in pieces", () => {
  const [first, ...more] = linesOf(["x".repeat(9000), "y"]);
  expect([first?.[0]?.length, more]).toEqual([9000, [["y"]]]);
});
