import fc from "fast-check";
import { indexOf, stanzaOf } from "../testing/fake-index.ts";
import { PackagePool } from "./package-pool.ts";
import { PackagesIndex } from "./packages-index.ts";

const origin = { suite: "stable", component: "main", architecture: "amd64" };
const read = (text: string): PackagesIndex => new PackagesIndex(Buffer.from(text), origin);

describe("an index of packages", () => {
  test("finds every package by name, in the order of the list, whatever stands between", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{1,3}$/);
    const item = fc.tuple(name, fc.nat(9), fc.constantFrom("\n", "\n\n", "\n\n\n"));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 30 }), (items) => {
        const index = read(items.map(([of, version, gap]) => `${stanzaOf(`${of} ${version}`)}${gap}`).join(""));
        expect(index.size).toBe(items.length);
        expect([...index.names()]).toEqual([...new Set(items.map(([of]) => of))]);
        for (const of of index.names()) {
          const versions = items.filter(([other]) => other === of).map(([, version]) => String(version));
          expect(index.entries(of).map((entry) => entry.version)).toEqual(versions);
        }
      }),
    );
  });

  test("an empty list, and one without a newline at its end", () => {
    expect(read("").size).toBe(0);
    expect(read("\n\n").size).toBe(0);
    expect(read("Package: a\nVersion: 1\nArchitecture: all").entries("a")[0]?.version).toBe("1");
    expect(read("Package: a").names()[Symbol.iterator]().next().value).toBe("a");
  });

  test("a stanza whose name is not its first field", () => {
    expect(read("Version: 1\npackage: a\nArchitecture: all\n").entries("a")).toHaveLength(1);
  });

  test("who provides what, also in folded fields and beside versions", () => {
    const index = indexOf([
      "a 1; Provides: mail, web (= 2)",
      "b 1",
      "c 1; Provides:\n x,\n  mail",
      "a 2; Provides: mail",
    ]);
    const labels = (name: string) => index.providers(name).map((entry) => entry.label);
    expect([labels("mail"), labels("web"), labels("x"), labels("b")]).toEqual([
      ["a 1", "c 1", "a 2"],
      ["a 1"],
      ["c 1"],
      [],
    ]);
  });

  test("an entry has what is needed to fetch and choose it", () => {
    const [entry] = indexOf(["a 2:1-1; Multi-Arch: same; Essential: yes; Priority: required; Source: src (1)"]).entries(
      "a",
    );
    expect(entry).toMatchObject({ multiArch: "same", essential: true, priority: "required", source: "src", origin });
    expect(entry?.file).toEqual({ path: "pool/a_21-1.deb", size: 10, sha256: "0".repeat(64) });
  });

  test.each([
    ["Version: 1\nArchitecture: all\nPackage: ../x\n", "../x", "this cannot be a name"],
    ["Package: a\nArchitecture: all\n", "a", 'Cannot read version "" of package "a"'],
    ["Package: a\nVersion: 1\n", "a", "it has no architecture"],
    ["Package: a\nnonsense\n", "a", "Cannot read line 2"],
  ])("%j cannot be read", (text, name, message) => {
    expect(() => read(text).entries(name)).toThrow(message);
  });

  test.each([
    ["Filename: ../x.deb", "path-escape"],
    ["Filename: http://mirror.example/x.deb", "path-escape"],
    ["Filename: /x.deb", "path-escape"],
    ["Filename: a/%2E%2e/x.deb", "path-escape"],
    ["Filename: x.deb", "invalid-archive"],
  ])("a package file at %s is refused", (field, code) => {
    const sizes = code === "path-escape" ? `Size: 1\nSHA256: ${"0".repeat(64)}\n` : "";
    const [entry] = read(`Package: a\nVersion: 1\nArchitecture: all\n${field}\n${sizes}`).entries("a");
    expect(() => entry?.file).toThrow(expect.objectContaining({ code }));
  });
});

describe("several indexes", () => {
  const main = indexOf(["a 1", "a 3", "b 1"]);
  const security = indexOf(["a 2", "b 1", "b 1.1"], "security");
  const foreign = indexOf(["a 9; Architecture: arm64"]);

  test("are read as one: highest version first, of equal ones the first index", () => {
    const pool = new PackagePool([{ index: main }, { index: security }, { index: foreign }]);
    const labels = (name: string) => pool.candidates(name).map((entry) => `${entry.version} ${entry.origin.suite}`);
    expect(labels("a")).toEqual(["3 stable", "2 security", "1 stable"]);
    expect(labels("b")).toEqual(["1.1 security", "1 stable"]);
    expect(pool.suites()).toEqual(["stable", "security"]);
  });

  test("a priority goes before the version", () => {
    const pool = new PackagePool([{ index: main, priority: 100 }, { index: security }]);
    expect(pool.candidates("a").map((entry) => entry.version)).toEqual(["2", "3", "1"]);
  });

  test("for several architectures are refused", () => {
    const other = new PackagesIndex(Buffer.from(""), { ...origin, architecture: "arm64" });
    expect(() => new PackagePool([{ index: main }, { index: other }])).toThrow("for amd64, arm64: wanted one");
    expect(() => new PackagePool([])).toThrow("no architecture");
  });
});
