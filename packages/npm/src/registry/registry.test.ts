import { inspect } from "node:util";
import { cachedTarballPaths } from "./cached-tarball.ts";
import { authorizationFor } from "./npm-authorization.ts";
import { type NpmConfigSources, npmConfigFrom, registryFor } from "./npm-config.ts";
import { tarballPath } from "./tarball-path.ts";
import { tarballRequest } from "./tarball-request.ts";

const config = (text: string | readonly string[] = "", more: Partial<NpmConfigSources> = {}) =>
  npmConfigFrom({ npmrcTexts: typeof text === "string" ? [text] : text, env: {}, homedir: "/home/me", ...more });

describe("npm's configuration", () => {
  test("comes from the environment, then the files in their order, then the default", () => {
    const defaultRegistry = "https://default.test";
    const files = ["registry=https://project.test", "registry=https://user.test/\n@s:registry=https://scope.test/npm"];
    expect(config([], { defaultRegistry }).registry).toBe("https://default.test/");
    expect(config(files, { defaultRegistry }).registry).toBe("https://project.test/");
    const env = { npm_config_registry: "https://env.test", "npm_config_@t:registry": "https://t.test" };
    expect(config(files, { env }).registry).toBe("https://env.test/");
    expect(registryFor(config(files, { env }), "@s/x")).toBe("https://scope.test/npm/");
    expect(registryFor(config(files, { env }), "@t/x")).toBe("https://t.test/");
    expect(registryFor(config(files, { env }), "@u/x")).toBe("https://env.test/");
    expect(config([]).registry).toBeUndefined();
  });

  test("is read as npm reads it: comments, quotes, spaces, lists, escapes, variables", () => {
    const text = `; a comment\r\n# another\n[section]\nregistry = "https://quoted.test/" \ncafile=~/ca.pem ; why\nca[]="one\\ntwo"\nca[]=three
strict-ssl=false\ncache='/var/cache'\nnoproxy=a\\;b\n//reg.test/:_authToken=\${TOKEN}\nkey=\${MISSING?}\nnonsense`;
    const read = config(text, { env: { TOKEN: "t0ken" } });
    expect(read).toMatchObject({
      registry: "https://quoted.test/",
      cafile: "/home/me/ca.pem",
      ca: ["one\ntwo", "three"],
      strictSsl: false,
      cacheDirectory: "/var/cache",
      proxy: { noProxy: "a;b" },
      key: undefined,
      warnings: [],
    });
    expect(authorizationFor(read, "https://reg.test/x").authorization).toBe("Bearer t0ken");
  });

  test("has npm's own defaults", () => {
    expect(config()).toMatchObject({
      strictSsl: true,
      cacheDirectory: "/home/me/.npm",
      proxy: {},
      ca: [],
      cafile: undefined,
    });
  });

  test("names proxies, or takes those of the environment, or none when told so", () => {
    const env = { HTTPS_PROXY: "http://e:1", http_proxy: "http://h:1", NO_PROXY: "x" };
    expect(config("", { env }).proxy).toEqual({ http: "http://h:1", https: "http://e:1", noProxy: "x" });
    expect(config("https-proxy=http://c:1\nproxy=false\nnoproxy=y", { env }).proxy).toEqual({
      https: "http://c:1",
      noProxy: "y",
    });
  });

  test("warns of what it cannot use, and shows no secret", () => {
    const read = config(
      `registry=nonsense\n_authToken=secret\n//reg.test/:_authToken=\${UNSET}\n//a.test/:_password=secret`,
    );
    expect(read.warnings).toHaveLength(3);
    expect(read.warnings.join()).toContain('"UNSET" is not set');
    expect(read.warnings.join()).not.toContain("secret");
    expect(authorizationFor(read, "https://reg.test/x").authorization).toBeUndefined();
  });

  test("keys that JavaScript objects have anyway do no harm", () => {
    const read = config(`__proto__=x\n__proto__[]=y\nconstructor=z\n\${constructor}=1`);
    expect(inspect(read)).toContain("warnings: []");
    expect(({} as { x?: string }).x).toBeUndefined();
  });
});

describe("credentials", () => {
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;
  const text = [
    "registry=https://reg.test/npm/",
    "@s:registry=https://scope.test:8443/",
    "//reg.test/npm/:_authToken=outer",
    "//reg.test/npm/private/:_authToken=inner",
    `//scope.test:8443/:_auth=${Buffer.from("u:p").toString("base64")}`,
    "//user.test/:username=me",
    `//user.test/:_password=${Buffer.from("pw").toString("base64")}`,
    "//cert.test/:certfile=/c.pem",
    "//cert.test/:keyfile=/k.pem",
  ].join("\n");

  test.each([
    ["https://reg.test/npm/x/-/x-1.0.0.tgz", "x", "Bearer outer"],
    ["https://reg.test/npm/private/x.tgz", "x", "Bearer inner"],
    ["https://reg.test/tarballs/x.tgz", "x", "Bearer outer"],
    ["https://reg.test:444/npm/x.tgz", "x", undefined],
    ["https://evil.test/npm/x.tgz", "x", undefined],
    ["https://reg.test.evil.test/npm/x.tgz", "x", undefined],
    ["https://scope.test:8443/@s/x.tgz", "@s/x", basic("u:p")],
    ["https://scope.test/@s/x.tgz", "@s/x", undefined],
    ["https://user.test/x.tgz", undefined, basic("me:pw")],
  ])("for %s of %s are %s", (url, name, authorization) => {
    expect(authorizationFor(config(text), url, name).authorization).toBe(authorization);
  });

  test("may be a certificate", () => {
    expect(authorizationFor(config(text), "https://cert.test/x")).toMatchObject({
      certfile: "/c.pem",
      keyfile: "/k.pem",
    });
  });
});

describe("where a tarball is", () => {
  const unit = (resolved?: string) => ({
    name: "@s/x",
    version: "1.0.0",
    source: { from: "registry" as const, resolved },
  });

  test("in a registry follows from name and version", () => {
    expect(tarballPath("x", "1.0.0-rc.1")).toBe("x/-/x-1.0.0-rc.1.tgz");
    expect(tarballPath("@s/x", "1.0.0")).toBe("@s/x/-/x-1.0.0.tgz");
  });

  test.each([
    ["../x", "1.0.0"],
    ["x", "../../1"],
    ["x", ""],
    ["x?y", "1.0.0"],
    ["@s", "1"],
    ["x y", "1"],
  ])("%j %j is refused", (name, version) => {
    expect(() => tarballPath(name, version)).toThrow("Cannot fetch the package");
  });

  test("in the lock counts, unless its host is the default registry's", () => {
    const sources = { defaultRegistry: "https://default.test/" };
    const mine = "registry=https://mine.test/npm/";
    expect(tarballRequest(config(mine, sources), unit())?.url).toBe("https://mine.test/npm/@s/x/-/x-1.0.0.tgz");
    expect(tarballRequest(config(mine, sources), unit("https://default.test/@s/x/-/x-1.0.0.tgz"))?.url).toContain(
      "mine.test",
    );
    expect(tarballRequest(config(mine, sources), unit("https://other.test/@s/x/-/x-1.0.0.tgz"))?.url).toContain(
      "other.test",
    );
    const always = config(`${mine}\nreplace-registry-host=always`);
    expect(tarballRequest(always, unit("https://other.test/@s/x/-/x-1.0.0.tgz"))?.url).toContain("mine.test");
    const never = config(`${mine}\nreplace-registry-host=never`, sources);
    expect(tarballRequest(never, unit("https://default.test/@s/x/-/x-1.0.0.tgz"))?.url).toContain("default.test");
  });

  test("that is no registry's stays, with the credentials for its host; one of the workspace is no request", () => {
    const source = { from: "url" as const, url: "https://files.test/x.tgz" };
    const read = config("//files.test/:_authToken=t");
    expect(tarballRequest(read, { ...unit(), source })).toMatchObject({ url: source.url, authorization: "Bearer t" });
    expect(tarballRequest(read, { ...unit(), source: { from: "file", path: "x.tgz" } })).toBeUndefined();
  });

  test("without any registry is a clear error", () => {
    expect(() => tarballRequest(config(), unit())).toThrow("no registry is configured");
  });

  test("in npm's cache follows from its hash", () => {
    const integrity = `sha512-${Buffer.alloc(64, 0xab).toString("base64")} sha1-${Buffer.alloc(20, 1).toString("base64")}`;
    expect(cachedTarballPaths("/c", integrity)).toEqual([
      `/c/_cacache/content-v2/sha512/ab/ab/${"ab".repeat(62)}`,
      `/c/_cacache/content-v2/sha1/01/01/${"01".repeat(18)}`,
    ]);
  });
});
