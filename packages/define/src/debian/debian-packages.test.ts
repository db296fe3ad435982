import type { JsonValue } from "@imgbuild/graph";
import { complaints, testApi } from "../testing.ts";
import type { DebianRequest } from "./debian-request.ts";

const HASH = "0".repeat(64);
const lockedAs = (name: string, architecture: string, depends: readonly string[] = []) => ({
  ...{ name, version: "1.0", architecture, suite: "stable", path: `pool/${name}.deb`, size: 1, sha256: HASH },
  depends,
});

/** An API whose lock has everything that is asked for, and a library. */
function lockingApi() {
  const requests: DebianRequest[] = [];
  const made = testApi((fact) => {
    if (fact.kind !== "debianLock") return { value: null };
    requests.push(fact.request);
    const { architecture, packages } = fact.request;
    const all = [...packages.map((name) => lockedAs(name, architecture, ["lib"])), lockedAs("lib", "all")];
    return { value: { packages: all } as unknown as JsonValue };
  });
  return { ...made, requests };
}

test("a request has defaults, is sorted, and its value is made of packages and a system", () => {
  const { api, requests } = lockingApi();
  const value = api.debianPackages({ suite: "stable", packages: ["b", "a", "b"] });
  expect(requests).toEqual([
    {
      suites: ["stable"],
      updates: true,
      components: ["main"],
      architecture: "amd64",
      packages: ["a", "b"],
      without: [],
      recommends: false,
      essential: "essential",
    },
  ]);
  expect(value.installed).toEqual({ a: "1.0", b: "1.0", lib: "1.0" });
  expect(value.files.inputs.map(({ kind }) => kind)).toEqual(["debPackage", "debPackage", "debPackage"]);
  expect(value.system).toMatchObject({ kind: "debSystem", args: { database: "dpkg" } });
  api.debianPackages({ suite: ["stable"], packages: "a" });
  expect(requests[1]).toMatchObject({ suites: ["stable"], updates: false });
});

test("an image takes packages for its own architecture, unless the definition names one", () => {
  const { api, requests } = lockingApi();
  const open = api.debianPackages({ suite: "stable", packages: ["a"] });
  const fixed = api.debianPackages({ suite: "stable", packages: ["a"], architecture: "amd64" });
  api.buildImage({ name: "x", architecture: "arm64", copyToRoot: [open, fixed] });
  expect(requests.map(({ architecture }) => architecture)).toEqual(["amd64", "amd64", "arm64"]);
  api.debianPackages({ suite: "stable", packages: ["a"], architecture: "arm" });
  expect(requests.at(-1)?.architecture).toBe("armhf");
});

test("everything that is wrong with a call is said together", () => {
  const { api, requests } = lockingApi();
  const bad = { suite: "../x", packages: ["Bad Name", "a:amd64", "b", "b=1"], component: "main", essential: "most" };
  expect(complaints(() => api.debianPackages(bad as never))).toEqual([
    expect.stringMatching(/component is no attribute.*components/),
    expect.stringContaining('suite = "../x", wanted the name of a suite'),
    expect.stringContaining('packages has "Bad Name"'),
    expect.stringContaining('packages has "a:amd64"'),
    expect.stringContaining('packages asks for "b" in two ways'),
    expect.stringMatching(/essential is the string "most", wanted "essential" or "base"/),
  ]);
  expect(complaints(() => api.debianPackages({ packages: ["a"] } as never))).toEqual([
    expect.stringContaining("suite is missing"),
  ]);
  expect(
    complaints(() => api.debianPackages({ suite: "stable", packages: ["a"], helpers: ["script"] as never })),
  ).toEqual([expect.stringContaining('helpers[0] is the string "script"')]);
  expect(requests).toEqual([]);
});

test("without a lock, or a request in it, the way to get it is said; while it is written nothing fails", () => {
  const answering = (value: unknown) =>
    testApi(({ kind }) => ({ value: kind === "debianLock" ? (value as JsonValue) : null })).api;
  const ask = (api: ReturnType<typeof answering>) => api.debianPackages({ suite: "stable", packages: ["a=1.0"] });
  expect(complaints(() => ask(answering({ missing: "lock" })))).toEqual([
    expect.stringContaining("there is no imgbuild.lock"),
  ]);
  expect(complaints(() => ask(answering({ missing: "request" })))).toEqual([
    expect.stringContaining("(stable, amd64)"),
  ]);
  const api = answering("collecting");
  const value = ask(api);
  expect(value.installed).toEqual({ a: "0" });
  expect(() => api.buildLayeredImage({ name: "x", contents: [value] })).not.toThrow();
  expect(() => api.buildImage({ name: "x", copyToRoot: value })).not.toThrow();
});
