import { parseSize } from "./parse-size.ts";

test.each([
  ["0", 0],
  ["1000", 1000],
  ["12B", 12],
  ["500MB", 5e8],
  ["500mb", 5e8],
  ["1.5 GiB", 1.5 * 2 ** 30],
  ["2k", 2000],
  ["3T", 3e12],
])("%s is %d bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["", "GB", "-1GB", "1X", "1 2GB", "1e9", "constructor", "1constructor", "0x10"])(
  "%j is refused with an example",
  (text) => {
    expect(() => parseSize(text)).toThrow(
      expect.objectContaining({ code: "usage", hint: "Write for example 500MB or 20GB" }),
    );
  },
);
