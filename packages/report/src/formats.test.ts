import fc from "fast-check";
import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [9949, "9.9 kB"],
  [9950, "10 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [12_345_678, "12 MB"],
  [20e9, "20 GB"],
  [5e18, "5000 PB"],
  [-5, "0 B"],
  [Number.NaN, "0 B"],
])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0, "0ms"],
  [999.4, "999ms"],
  [999.6, "1.0s"],
  [1234, "1.2s"],
  [9949, "9.9s"],
  [9950, "10s"],
  [59_499, "59s"],
  [59_500, "1m 00s"],
  [125_000, "2m 05s"],
  [3_600_000, "1h 00m"],
  [3_725_000, "1h 02m"],
  [-1, "0ms"],
])("%d milliseconds are %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

test("a size is never more than seven characters, up to the petabyte", () =>
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e15 }), (bytes) => formatBytes(bytes).length <= 7)));
