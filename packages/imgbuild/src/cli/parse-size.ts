import { ImgbuildError } from "@imgbuild/errors";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Bytes of a size such as `500MB`, `1.5 GiB` or `1000`. Throws `usage`. */
export function parseSize(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const name = /^[KMGT]$/i.test(unit) ? `${unit}B`.toUpperCase() : unit.toUpperCase();
  const factor = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
  if (number !== "" && factor !== undefined) return Math.round(Number(number) * factor);
  throw new ImgbuildError("usage", `Cannot read the size ${JSON.stringify(text)}: wanted a number with a unit`, {
    hint: "Write for example 500MB or 20GB",
  });
}
