import { ImgbuildError } from "@imgbuild/errors";
import fc from "fast-check";
import { PackagePool } from "../archive/package-pool.ts";
import { indexOf, poolOf } from "../testing/fake-index.ts";
import { satisfies } from "../text/version.ts";
import { type ResolveOptions, resolve } from "./resolve.ts";

const choose = (pool: PackagePool, request: string, options: Partial<ResolveOptions> = {}): string =>
  resolve({ pool, request: request.split(" "), ...options })
    .packages.map(({ entry }) => `${entry.name}=${entry.version}`)
    .join(" ");

const failure = (run: () => unknown): ImgbuildError => {
  try {
    run();
  } catch (error) {
    if (error instanceof ImgbuildError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

describe("choosing packages", () => {
  test("takes what is needed, highest versions, what is needed first", () => {
    const pool = poolOf(
      "app 1; Depends: lib (>= 1), tool; Pre-Depends: base",
      "lib 1",
      "lib 2",
      "tool 1; Depends: lib",
      "base 1",
      "other 1",
    );
    expect(choose(pool, "app")).toBe("base=1 lib=2 tool=1 app=1");
  });

  test.each([
    ["the first alternative", ["app 1; Depends: a | b", "a 1", "b 1"], "app", "a=1 app=1"],
    ["the second where the first is not there", ["app 1; Depends: x | b", "b 1"], "app", "b=1 app=1"],
    ["the second where the first is too old", ["app 1; Depends: a (>= 2) | b", "a 1", "b 1"], "app", "b=1 app=1"],
    ["one that is asked for already", ["app 1; Depends: a | b", "a 1", "b 1"], "app b", "b=1 app=1"],
    ["one chosen already", ["app 1; Depends: b, a | b", "a 1", "b 1"], "app", "b=1 app=1"],
    [
      "a real package before one that provides it",
      ["app 1; Depends: a", "z 1; Provides: a", "a 1"],
      "app",
      "a=1 app=1",
    ],
    [
      "the second where the first cannot be installed",
      ["app 1; Depends: a | b", "a 1; Depends: x", "b 1"],
      "app",
      "b=1 app=1",
    ],
  ])("alternatives: %s", (_, lines, request, chosen) => {
    expect(choose(poolOf(...lines), request)).toBe(chosen);
  });

  test.each([
    [
      "by priority",
      ["app 1; Depends: mta", "b 1; Provides: mta; Priority: optional", "c 1; Provides: mta; Priority: standard"],
      "c=1 app=1",
    ],
    ["by name", ["app 1; Depends: mta", "c 1; Provides: mta", "b 1; Provides: mta"], "b=1 app=1"],
    [
      "of the same source",
      ["app 1; Depends: mta; Source: s", "b 1; Provides: mta", "c 1; Provides: mta; Source: s"],
      "c=1 app=1",
    ],
    [
      "in the version wanted",
      ["app 1; Depends: mta (>= 2)", "a 1; Provides: mta", "b 1; Provides: mta (= 1)", "c 1; Provides: mta (= 2)"],
      "c=1 app=1",
    ],
  ])("who provides a virtual package is chosen %s", (_, lines, chosen) => {
    expect(choose(poolOf(...lines), "app")).toBe(chosen);
    expect(choose(poolOf(...[...lines].reverse()), "app")).toBe(chosen);
  });

  test("that it could have been another provider is noted", () => {
    const pool = poolOf("app 1; Depends: mta", "a 1; Provides: mta", "b 1; Provides: mta");
    expect(resolve({ pool, request: ["app"] }).notes).toEqual([
      { kind: "ambiguous-provider", name: "mta", message: "app needs mta: chose a, others are b" },
    ]);
  });

  test("goes back on a choice that does not work out", () => {
    const pool = poolOf(
      "app 1; Depends: a, b",
      "a 2; Depends: c (= 2)",
      "a 1; Depends: c (= 1)",
      "b 1; Depends: c (= 1)",
      "c 1",
      "c 2",
    );
    expect(choose(pool, "app")).toBe("c=1 a=1 b=1 app=1");
  });

  test("Conflicts and Breaks are kept, both ways and of provided names; nothing refuses itself", () => {
    const mta = (name: string) => `${name} 1; Provides: mta; Conflicts: mta`;
    expect(choose(poolOf("app 1; Depends: a | b, c", "a 1; Conflicts: c", "b 1", "c 1"), "app")).toBe("b=1 c=1 app=1");
    expect(choose(poolOf("app 1; Depends: a | b, c", "a 1", "b 1", "c 1; Breaks: a (<< 2)"), "app")).toBe(
      "b=1 c=1 app=1",
    );
    expect(choose(poolOf("app 1; Depends: a", mta("a"), mta("b")), "app")).toBe("a=1 app=1");
    expect(failure(() => choose(poolOf(mta("a"), mta("b")), "a b"))).toMatchObject({ code: "conflict" });
  });

  test(":any wants a package that allows it", () => {
    const pool = poolOf(
      "app 1; Depends: py:any",
      "py 1; Multi-Arch: allowed",
      "bad 1; Depends: sh:any",
      "sh 1; Multi-Arch: foreign",
      "far 1; Depends: sh:arm64",
    );
    expect(choose(pool, "app")).toBe("py=1 app=1");
    expect(failure(() => choose(pool, "bad")).message).toContain('"sh" is not Multi-Arch: allowed');
    expect(failure(() => choose(pool, "far")).code).toBe("conflict");
  });

  test("a version or suite asked for is taken, in what else it needs the best", () => {
    const stable = indexOf(["a 1; Depends: b", "b 1"]);
    const backports = indexOf(["a 2; Depends: b", "b 2"], "backports");
    const pool = new PackagePool([{ index: stable }, { index: backports, priority: 100 }]);
    expect(choose(pool, "a")).toBe("b=1 a=1");
    expect(choose(pool, "a=2")).toBe("b=1 a=2");
    expect(choose(pool, "a/backports")).toBe("b=1 a=2");
    expect(failure(() => choose(pool, "a=3")).message).toContain(
      "wanted a (= 3), and there is 1 (stable), 2 (backports)",
    );
    expect(failure(() => choose(pool, "a/testing")).message).toContain('there is no "a" in testing');
  });

  test("pinned versions and providers stay where they can", () => {
    const pool = poolOf("app 1; Depends: lib, mta", "lib 1", "lib 2", "a 1; Provides: mta", "b 1; Provides: mta");
    expect(
      choose(pool, "app", {
        pinned: new Map([
          ["lib", "1"],
          ["b", "1"],
        ]),
      }),
    ).toBe("b=1 lib=1 app=1");
    const gone = resolve({ pool, request: ["lib"], pinned: new Map([["lib", "0"]]) });
    expect(gone.packages[0]?.entry.version).toBe("2");
    expect(gone.notes).toEqual([{ kind: "pin-unavailable", name: "lib", message: expect.stringContaining("lib 0") }]);
  });

  test("Recommends only when asked for, and only where they can be had", () => {
    const pool = poolOf("app 1; Recommends: a, x, c; Depends: b", "a 1", "b 1", "c 1; Conflicts: b");
    expect(choose(pool, "app")).toBe("b=1 app=1");
    expect(choose(pool, "app", { recommends: true })).toBe("a=1 b=1 app=1");
    expect(resolve({ pool, request: ["app"], recommends: true }).notes.map(({ name }) => name)).toEqual(["x", "c"]);
  });

  test("essential packages only when asked for", () => {
    const pool = poolOf("app 1", "sh 1; Essential: yes", "init 1; Priority: required", "x 1");
    expect(choose(pool, "app")).toBe("app=1");
    expect(choose(pool, "app", { essential: "essential" })).toBe("app=1 sh=1");
    expect(choose(pool, "app", { essential: "required" })).toBe("app=1 init=1 sh=1");
  });

  test("a circle of packages has an order, in which Pre-Depends are kept", () => {
    const pool = poolOf("a 1; Depends: b", "b 1; Pre-Depends: c", "c 1; Depends: a");
    expect(choose(pool, "a")).toBe("a=1 c=1 b=1");
    expect(resolve({ pool, request: ["a"] }).packages.map(({ depends }) => depends)).toEqual([["b"], ["a"], ["c"]]);
  });

  test("a chain of 20,000 packages is no trouble", () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `p${i} 1; Depends: p${i + 1}`);
    expect(resolve({ pool: poolOf(...lines, "p20000 1"), request: ["p0"] }).packages).toHaveLength(20_001);
  });
});

describe("what cannot be chosen is explained", () => {
  test("an unknown package, with names like it", () => {
    const error = failure(() => choose(poolOf("nginx 1", "nginx-common 1", "zsh 1"), "ngnix"));
    expect(error).toMatchObject({ code: "definition", message: expect.stringContaining('did you mean "nginx"?') });
  });

  test("a virtual package with several providers", () => {
    const pool = poolOf("a 1; Provides: mta", "b 1; Provides: mta", "c 1; Provides: alone");
    expect(failure(() => choose(pool, "mta")).message).toContain("virtual package, provided by a, b");
    expect(choose(pool, "alone")).toBe("c=1");
  });

  test.each(["", "A b", "a=", "a/b/c", "a=1 2", "../a"])("%j is no request", (request) => {
    expect(failure(() => resolve({ pool: poolOf("a 1"), request: [request] })).code).toBe("usage");
  });

  test("the whole chain from the request to what is missing", () => {
    const pool = poolOf("app 1; Depends: web", "web 1; Depends: lib (>= 2) | gone", "lib 1");
    expect(failure(() => choose(pool, "app")).message.split("\n")).toEqual([
      'Cannot install "app": no choice of packages satisfies this',
      "  app is wanted",
      "    app 1 depends on web",
      '      web 1 depends on lib (>= 2) | gone: wanted lib (>= 2), and there is 1 (stable); there is no package "gone"',
    ]);
  });

  test("who conflicts, and for whom it is there", () => {
    const pool = poolOf("app 1; Depends: a, b", "a 1; Depends: x", "b 1", "x 1; Conflicts: b");
    expect(failure(() => choose(pool, "app")).message).toContain(
      "b 1 cannot be taken: x 1 conflicts with b (for app → a)",
    );
  });

  test("many choices that have nothing to do with a conflict are not tried over and over", () => {
    const lines = Array.from({ length: 40 }, (_, i) => [`a${i} 1`, `b${i} 1`]).flat();
    const wants = Array.from({ length: 40 }, (_, i) => `a${i} | b${i}`).join(", ");
    const pool = poolOf(`app 1; Depends: ${wants}, z`, ...lines, "z 1; Depends: x");
    expect(failure(() => choose(pool, "app", { maxAttempts: 200 })).message).toContain('there is no package "x"');
  });

  test("a search that takes too long is given up", () => {
    const pool = poolOf(
      "app 1; Depends: a, b",
      "a 2; Depends: c (= 2)",
      "a 1; Depends: c (= 1)",
      "b 1; Depends: c (= 1)",
      "c 1",
      "c 2",
    );
    expect(choose(pool, "app", { maxAttempts: 7 })).toContain("app=1");
    expect(failure(() => choose(pool, "app", { maxAttempts: 4 })).message).toContain("gave up");
    expect(failure(() => choose(poolOf("a 1; Depends: x"), "a", { maxAttempts: 100 })).message).not.toContain(
      "gave up",
    );
  });
});

describe("random archives", () => {
  const names = ["a", "b", "c", "d", "e"];
  const relation = fc
    .tuple(fc.constantFrom(...names, "v"), fc.constantFrom("", " (>= 2)", " (= 1)", " (<< 2)"))
    .map((parts) => parts.join(""));
  const field = fc
    .tuple(fc.constantFrom("Depends", "Depends", "Conflicts", "Breaks", "Provides"), relation)
    .map(([name, to]) => (name === "Provides" ? "Provides: v" : `${name}: ${to}`));
  const item = fc
    .tuple(
      fc.constantFrom(...names),
      fc.constantFrom("1", "2"),
      fc.uniqueArray(field, { maxLength: 3, selector: (text) => text.split(":")[0] }),
    )
    .map(([name, version, fields]) => [`${name} ${version}`, ...fields].join("; "));
  const archive = fc.uniqueArray(item, { minLength: 1, maxLength: 10, selector: (line) => line.split(";")[0] });

  /** Whether a set of packages keeps every rule, told plainly. */
  const isSound = (lines: readonly string[]): boolean => {
    const packages = lines.map((line) => {
      const [head = "", ...fields] = line.split("; ");
      const [name = "", version = ""] = head.split(" ");
      const of = (wanted: string) =>
        fields.filter((text) => text.startsWith(`${wanted}: `)).map((text) => text.slice(wanted.length + 2));
      return {
        name,
        version,
        depends: of("Depends"),
        against: [...of("Conflicts"), ...of("Breaks")],
        provides: of("Provides"),
      };
    });
    const fits = (other: (typeof packages)[number], text: string): boolean => {
      const [, name = "", operator, version = ""] = /^(\w+)(?: \((\S+) (\S+)\))?$/.exec(text) ?? [];
      if (operator === undefined) return other.name === name || other.provides.includes(name);
      return other.name === name && satisfies(other.version, operator as ">=", version);
    };
    return (
      new Set(packages.map(({ name }) => name)).size === packages.length &&
      packages.every(
        (own) =>
          own.depends.every((text) => packages.some((other) => fits(other, text))) &&
          own.against.every(
            (text) =>
              !packages.some(
                (other) => other.name !== own.name && !text.startsWith(`${own.name}`) && fits(other, text),
              ),
          ),
      )
    );
  };

  test("a solution keeps every rule, and is found whenever there is one", () => {
    fc.assert(
      fc.property(archive, (lines) => {
        const request = lines[0]?.split(" ")[0] ?? "";
        const key = (line: string): string => line.split(";")[0]?.replace(" ", "=") ?? "";
        const subsets = Array.from({ length: 2 ** lines.length }, (_, bits) =>
          lines.filter((_line, i) => (bits >> i) & 1),
        );
        const solvable = subsets.some((set) => set.some((line) => line.startsWith(`${request} `)) && isSound(set));
        let chosen: readonly string[] | undefined;
        try {
          chosen = choose(poolOf(...lines), request).split(" ");
        } catch (error) {
          expect(error).toMatchObject({ code: "conflict" });
        }
        expect(chosen !== undefined).toBe(solvable);
        if (chosen !== undefined) expect(isSound(lines.filter((line) => chosen?.includes(key(line))))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("the order of the list does not matter", () => {
    const shuffled = archive.chain((lines) =>
      fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length })),
    );
    const outcome = (lines: readonly string[], request: string): string => {
      try {
        return choose(poolOf(...lines), request);
      } catch (error) {
        return String(error);
      }
    };
    fc.assert(
      fc.property(shuffled, ([lines, other]) => {
        const request = lines[0]?.split(" ")[0] ?? "";
        expect(outcome(other, request)).toBe(outcome(lines, request));
      }),
    );
  });
});
