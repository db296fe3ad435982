import { parseChallenge } from "./challenge.ts";
import { credentialSource, parseHelperAnswer } from "./docker-config.ts";

describe("parseChallenge", () => {
  test.each([
    [
      'Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull"',
      [
        "bearer",
        { realm: "https://auth.example.com/token", service: "registry.example.com", scope: "repository:a/b:pull" },
      ],
    ],
    ['Basic realm="a \\"quoted\\", name"', ["basic", { realm: 'a "quoted", name' }]],
    [
      'Basic realm="x", Bearer realm=https://t.example.com/, error=invalid_token',
      ["bearer", { realm: "https://t.example.com/", error: "invalid_token" }],
    ],
    ["Negotiate", ["negotiate", {}]],
  ])("%s", (header, [scheme, parameters]) => {
    const found = parseChallenge(header);
    expect([found?.scheme, Object.fromEntries(found?.parameters ?? [])]).toEqual([scheme, parameters]);
  });

  test.each(["", " ", "=", "\u0000"])("%j holds none", (header) => {
    expect(parseChallenge(header)).toBeUndefined();
  });
});

describe("credentialSource", () => {
  const auth = Buffer.from("ann:p:w").toString("base64");
  const known = { kind: "known", credentials: { username: "ann", password: "p:w" } };
  const at = (host: string) => ({ host, name: "config.json" });

  test.each<[object, string, object]>([
    [{ auths: { "r.example.com:5000": { auth } } }, "r.example.com:5000", known],
    [{ auths: { "https://r.example.com/v2/": { auth } } }, "r.example.com", known],
    [{ auths: { "https://index.docker.io/v1/": { auth } } }, "registry-1.docker.io", known],
    [{ auths: { "r.example.com": { username: "ann", password: "p:w" } } }, "r.example.com", known],
    [
      { auths: { "r.example.com": {} }, credsStore: "pass" },
      "r.example.com",
      { kind: "helper", name: "pass", server: "r.example.com" },
    ],
    [
      { credHelpers: { "r.example.com": "gcr" }, credsStore: "pass" },
      "r.example.com",
      { kind: "helper", name: "gcr", server: "r.example.com" },
    ],
    [
      { credsStore: "pass" },
      "registry-1.docker.io",
      { kind: "helper", name: "pass", server: "https://index.docker.io/v1/" },
    ],
    [{ auths: { "other.example.com": { auth } } }, "r.example.com", { kind: "none" }],
    [{ auths: { "evil-r.example.com": { auth } } }, "r.example.com", { kind: "none" }],
    [{ auths: { "r.example.com": { auth: "!!" } } }, "r.example.com", { kind: "none" }],
    [{ auths: [], credHelpers: 5, credsStore: null }, "r.example.com", { kind: "none" }],
  ])("%j for %s", (config, host, wanted) => {
    expect(credentialSource(JSON.stringify(config), at(host))).toEqual(wanted);
  });

  test("no file is no credentials; a file that is no JSON object is told, without a word of it", () => {
    expect(credentialSource("", at("r.example.com"))).toEqual({ kind: "none" });
    for (const text of ["{", "[]", '"secret"', "null"])
      expect(() => credentialSource(text, at("r.example.com"))).toThrow(
        'Cannot read the credentials in "config.json": it is no JSON object',
      );
  });

  test("a helper that has nothing, or says something else, gives none", () => {
    expect(parseHelperAnswer('{"ServerURL":"x","Username":"ann","Secret":"s"}')).toEqual({
      username: "ann",
      password: "s",
    });
    for (const text of ["", "credentials not found", "{}", '{"Username":1,"Secret":"s"}', "null"])
      expect(parseHelperAnswer(text)).toBeUndefined();
  });
});
