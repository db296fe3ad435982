import { OutputTail } from "./output-tail.ts";

test("keeps the last fifty lines, whatever pieces they come in", () => {
  const tail = new OutputTail();
  const text = Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join("");
  for (let at = 0; at < text.length; at += 7) tail.add(Buffer.from(text.slice(at, at + 7)));
  expect(tail.lines()).toEqual(Array.from({ length: 50 }, (_, i) => `line ${i + 150}`));
});

test("stays small when there are no line breaks, and keeps a last line without one", () => {
  const tail = new OutputTail();
  for (let i = 0; i < 100; i++) tail.add(Buffer.alloc(10_000, 120));
  tail.add(Buffer.from("\nend"));
  expect(tail.lines().at(-1)).toBe("end");
  expect(tail.lines().join("").length).toBeLessThanOrEqual(64 << 10);
});

test("a script that prints nothing leaves no lines", () => {
  expect(new OutputTail().lines()).toEqual([]);
});
