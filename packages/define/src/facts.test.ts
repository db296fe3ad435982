import { complaints, testApi } from "./testing.ts";

test("env asks the host, and falls back to the default only when the variable is not set", () => {
  const { api, asked } = testApi((fact) => ({ value: fact.kind === "env" && fact.name === "EMPTY" ? "" : null }));
  expect(api.env("EMPTY", { default: "d" })).toBe("");
  expect(api.env("NONE", { default: "d" })).toBe("d");
  expect(asked).toEqual([
    { kind: "env", name: "EMPTY" },
    { kind: "env", name: "NONE" },
  ]);
  expect(complaints(() => api.env("NONE"))).toEqual([
    'definition: Cannot read the environment variable "NONE": it is not set',
  ]);
  expect(complaints(() => api.env("A=B"))).toHaveLength(1);
  expect(complaints(() => api.env("A", { default: 1 as never }))[0]).toContain(
    "default is the number 1, wanted a string",
  );
});

test("readJson gives frozen data, with or without a byte order mark", () => {
  const { api, asked } = testApi(() => ({ value: '\uFEFF{"a":[1]}' }));
  const data = api.readJson("./x.json") as { a: number[] };
  expect(data).toEqual({ a: [1] });
  expect(Object.isFrozen(data.a)).toBe(true);
  expect(asked).toEqual([{ kind: "file", path: "images/app/x.json" }]);
});

test("what the host refuses is an error with the host's words", () => {
  const { api } = testApi(() => ({ code: "input-unreadable", error: "permission denied" }));
  expect(complaints(() => api.readText("x"))).toEqual([
    'input-unreadable: Cannot read "//images/app/x": permission denied',
  ]);
  expect(complaints(() => api.git.head())).toEqual(["input-unreadable: Cannot read the git commit: permission denied"]);
});

test("glob gives paths relative to the definition, sorted by code unit", () => {
  const { api, asked } = testApi(() => ({ value: ["images/b.md", "images/app/a.md", "images/app/Z/é.md", "c.md"] }));
  expect(api.glob(["**/*.md", "!x.md"], { cwd: "//" })).toEqual(["../../c.md", "../b.md", "Z/é.md", "a.md"]);
  expect(asked).toEqual([{ kind: "glob", cwd: "", include: ["**/*.md"], exclude: ["x.md"] }]);
});

test.each(["../*.md", "a/../../b", "/etc/*", "!/x", "!../x"])("the pattern %s is refused", (pattern) => {
  expect(complaints(() => testApi().api.glob(pattern))[0]).toMatch(/^path-escape: .* leaves its directory$/);
});

test("a glob of nothing is refused", () => {
  expect(complaints(() => testApi().api.glob(undefined as never))).not.toEqual([]);
  expect(complaints(() => testApi().api.glob([""]))[0]).toContain("wanted a string that is not empty");
});
