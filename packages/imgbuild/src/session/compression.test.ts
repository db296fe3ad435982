import { parseCompression } from "./compression.ts";

test.each([
  ["gz", { algorithm: "gzip" }],
  ["gzip:9", { algorithm: "gzip", level: 9 }],
  ["none", { algorithm: "none" }],
  ["gz:1", { algorithm: "gzip", level: 1 }],
])("%s is understood", (text, compression) => {
  expect(parseCompression(text)).toEqual(compression);
});

test.each(["", "brotli", "gz:", "gz:fast", "gz:6:7", "none:1", "GZ", "constructor", "__proto__"])(
  "%j is refused",
  (text) => {
    expect(() => parseCompression(text)).toThrow(`Cannot use the compression ${JSON.stringify(text)}`);
  },
);

test.each(["gz:99", "zstd:99"])("the level of %s is refused before anything is built", (text) => {
  expect(() => parseCompression(text)).toThrow(expect.objectContaining({ code: "usage" }));
});
