import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWithTools } from "@imgbuild/testkit";
import { caStore, isCertificatePath } from "./ca-certificates.ts";
import { subjectHash } from "./subject-hash.ts";

describe("certificates that cannot be used", () => {
  test.each([
    ["nothing", "", "it has 0 certificates, wanted 1"],
    ["two", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".repeat(2), "it has 2 certificates"],
    [
      "garbage",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      'Cannot read certificate "usr/share/x.crt"',
    ],
  ])("%s", (_, text, message) => {
    expect(() => caStore([{ path: "usr/share/x.crt", content: Buffer.from(text) }])).toThrow(message);
  });

  test("a damaged subject is an error, not a wrong hash", () => {
    for (const hex of ["", "30", "3003020101", "30840fffffff", "300430020500"]) {
      expect(() => subjectHash(Buffer.from(hex, "hex"), "x.crt")).toThrow("its subject is damaged");
    }
  });
});

test("where certificates lie", () => {
  expect(
    [
      "usr/share/ca-certificates/mozilla/A.crt",
      "usr/local/share/ca-certificates/a.crt",
      "usr/share/ca-certificates/a.pem",
      "etc/ssl/certs/a.crt",
    ].map(isCertificatePath),
  ).toEqual([true, true, false, false]);
});

describeWithTools(["openssl"], "openssl as judge of certificates", () => {
  let directory: string;
  const make = (name: string, subject: string, ...args: readonly string[]): { path: string; content: Buffer } => {
    const out = join(directory, `${name}.crt`);
    const run = spawnSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        join(directory, "key"),
        "-subj",
        subject,
        "-days",
        "9",
        "-out",
        out,
        ...args,
      ],
      { encoding: "utf8" },
    );
    if (run.status !== 0) throw new Error(run.stderr);
    return { path: `usr/share/ca-certificates/${name}.crt`, content: readFileSync(out) };
  };
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "imgbuild-ca-"));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each([
    ["plain", "/C=DE/O=Demo Org/CN=Demo Root"],
    ["case and blanks", "/C=DE/O=  Demo   ORG  /CN=DEMO Root"],
    ["several in one part", "/O=Demo+OU=Unit+CN=Root"],
    ["beyond ASCII", "/O=Dëmö ÄÖ/CN=日本", "-utf8"],
    ["one long name", `/CN=${"long name ".repeat(6)}`],
  ])("it finds a certificate by our hash: %s", (name, subject, ...args) => {
    const file = make(name.replaceAll(" ", "-"), subject, ...args);
    const run = spawnSync("openssl", ["x509", "-noout", "-subject_hash"], { input: file.content, encoding: "utf8" });
    expect(caStore([file]).links.map(({ path }) => path)).toContain(`etc/ssl/certs/${run.stdout.trim()}.0`);
  });

  test("each is in the bundle once, those of packages first, with links by name and hash", () => {
    const b = make("b (x)", "/CN=same");
    const a = make("a", "/CN=same");
    const local = { path: "usr/local/share/ca-certificates/0.crt", content: make("c", "/CN=local").content };
    const twice = { path: "usr/share/ca-certificates/z.crt", content: a.content };
    const { bundle, links } = caStore([local, twice, b, a]);
    expect(bundle.path).toBe("etc/ssl/certs/ca-certificates.crt");
    expect(bundle.content.toString()).toBe([a, b, local].map(({ content }) => content.toString()).join(""));
    expect(
      links
        .map(({ path, target }) => `${path.replace("etc/ssl/certs/", "").replace(/^[0-9a-f]{8}/, "HASH")} ${target}`)
        .sort(),
    ).toEqual([
      "0.pem /usr/local/share/ca-certificates/0.crt",
      "HASH.0 0.pem",
      "HASH.0 a.pem",
      "HASH.1 b_=x=.pem",
      "a.pem /usr/share/ca-certificates/a.crt",
      "b_=x=.pem /usr/share/ca-certificates/b (x).crt",
    ]);
  });
});
