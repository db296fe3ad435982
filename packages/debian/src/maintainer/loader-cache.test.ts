import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWithTools, findTool } from "@imgbuild/testkit";
import { type ElfLibrary, elfLibrary } from "./elf-soname.ts";
import { type CachedLibrary, loaderCache } from "./loader-cache.ts";

const DIRECTORY = "/usr/lib/x86_64-linux-gnu";
const readOf = (bytes: Uint8Array) => (offset: number, length: number) => bytes.subarray(offset, offset + length);
const ELF: ElfLibrary = { soname: "libx.so.1", machine: 62, bits: 64, littleEndian: true };

describeWithTools(["ldconfig"], "the loader's cache beside ldconfig", () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), "imgbuild-ld-"));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  const ldconfig = (...args: readonly string[]): string =>
    execFileSync(findTool("ldconfig") ?? "", args, { encoding: "utf8" });
  const printed = (file: string): readonly string[] =>
    ldconfig("-p", "-C", file)
      .split("\n")
      .slice(1)
      .filter((line) => line.includes("=>"));

  test("has what ldconfig finds in a directory of real libraries, in its order", () => {
    const real = join(place, "real");
    writeFileSync(join(place, "conf"), `${DIRECTORY}\n`);
    ldconfig("-X", "-C", real, "-f", join(place, "conf"));
    const libraries = new Map<string, CachedLibrary>();
    for (const name of readdirSync(DIRECTORY).filter((each) => /^(?:lib|ld-).*\.so(?:\.|$)/.test(each))) {
      const elf = elfLibrary(readOf(readFileSync(join(DIRECTORY, name))));
      if (elf === undefined) continue;
      const asked = name.endsWith(".so") || elf.soname === undefined ? name : elf.soname;
      libraries.set(asked, { name: asked, path: `${DIRECTORY}/${asked}`, elf });
    }
    const ours = join(place, "ours");
    writeFileSync(ours, loaderCache([...libraries.values()]) ?? "");
    const wanted = printed(real).filter((line) => line.endsWith(`${DIRECTORY}/${line.trim().split(" ")[0]}`));
    expect(wanted.length).toBeGreaterThan(50);
    expect(printed(ours).filter((line) => wanted.includes(line))).toEqual(wanted);
  });

  test("digits are numbers in its order, whatever stands beside them", () => {
    const names = [
      "libx.so.9",
      "libx.so.10",
      "libx.so",
      "liby.so.1",
      "libx2.so.1",
      "libx10.so.1",
      "lib-x.so.1",
      "libX.so.1",
    ];
    const file = join(place, "cache");
    writeFileSync(file, loaderCache(names.map((name) => ({ name, path: `/lib/${name}`, elf: ELF }))) ?? "");
    const order = printed(file).map((line) => line.trim().split(" ")[0]);
    expect(order).toHaveLength(names.length);
    expect(order.indexOf("libx.so.10")).toBeLessThan(order.indexOf("libx.so.9"));
    expect(order.indexOf("libx10.so.1")).toBeLessThan(order.indexOf("libx2.so.1"));
  });
});

test("what is no library, or a damaged one, is none", () => {
  const real = readFileSync(process.execPath).subarray(0, 4096);
  const cases = [
    Buffer.from("no"),
    Buffer.alloc(100),
    real.subarray(0, 63),
    Buffer.concat([real.subarray(0, 64), Buffer.alloc(64)]),
  ];
  for (const bytes of cases) expect(elfLibrary(readOf(bytes))).toBeUndefined();
  for (let i = 0; i < 300; i += 1) {
    const damaged = Buffer.from(real);
    damaged[(i * 7919) % 1024] = (i * 31) & 255;
    elfLibrary(readOf(damaged));
  }
  expect(loaderCache([{ name: "libx.so.1", path: "/lib/libx.so.1", elf: { ...ELF, machine: 1 } }])).toBeUndefined();
});
