import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as openpgp from "openpgp";
import { byHashPath, packagesFiles, parseRelease } from "./release.ts";
import { verifyInRelease, verifyRelease } from "./verify-release.ts";

const now = new Date("2025-06-01T00:00:00Z");
const made = new Date("2025-01-01T00:00:00Z");
const HASH = "a".repeat(64);
const RELEASE = `Suite: stable
Codename: fancy
Date: Sun, 01 Jun 2025 00:00:00 UTC
Valid-Until: Sun, 08 Jun 2025 00:00:00 UTC
Acquire-By-Hash: yes
Architectures: amd64 arm64
Components: main updates/extra
- a dash: kept
SHA256:
 ${HASH}  300 main/binary-amd64/Packages
 ${HASH}  100 main/binary-amd64/Packages.xz
 ${HASH} 200 main/binary-amd64/Packages.gz
 ${HASH} 50 extra/binary-arm64/Packages.xz
`.replace("- a dash: kept\n", "");

const keyOf = async (name: string, seconds = 0) =>
  openpgp.generateKey({
    type: "ecc",
    userIDs: [{ name, email: `${name}@mirror.example` }],
    date: made,
    keyExpirationTime: seconds,
    format: "object",
  });
type Pair = Awaited<ReturnType<typeof keyOf>>;

const sign = async (text: string, keys: readonly Pair[], date = now): Promise<Buffer> => {
  const message = await openpgp.createCleartextMessage({ text });
  const signed = await openpgp.sign({ message, signingKeys: keys.map((key) => key.privateKey), date });
  return Buffer.from(signed);
};
const ring = (...keys: readonly Pair[]) => keys.map((key) => key.publicKey.write());

describe("a signed index", () => {
  let archive: Pair;
  let other: Pair;
  beforeAll(async () => {
    archive = await keyOf("archive");
    other = await keyOf("other");
  });
  const options = (...keys: readonly Pair[]) => ({ keyrings: ring(...keys), now, what: "InRelease" });

  test("is read when a key of the keyring signed it, binary or armored", async () => {
    const bytes = await sign(RELEASE, [archive]);
    const release = await verifyInRelease(bytes, options(other, archive));
    expect(release).toMatchObject({ suite: "stable", codename: "fancy", acquireByHash: true, notAutomatic: false });
    expect(release.signedBy).toEqual([archive.publicKey.getFingerprint().toUpperCase()]);
    const armored = Buffer.from(archive.publicKey.armor());
    await expect(verifyInRelease(bytes, { ...options(), keyrings: [armored] })).resolves.toMatchObject({
      suite: "stable",
    });
  });

  test("needs one known signature of several", async () => {
    await expect(verifyInRelease(await sign(RELEASE, [other, archive]), options(archive))).resolves.toBeDefined();
  });

  test("what stands around the signed text is not read", async () => {
    const bytes = await sign(RELEASE, [archive]);
    const around = Buffer.concat([Buffer.from("Suite: evil\n\n"), bytes, Buffer.from("\nSuite: evil\n")]);
    const outcome = await verifyInRelease(around, options(archive)).then(
      (release) => release.suite,
      (error: unknown) => (error instanceof Error ? "refused" : "?"),
    );
    expect(["stable", "refused"]).toContain(outcome);
  });

  test.each([
    ["no signature", async () => Buffer.from(RELEASE), "it has no signature"],
    ["an unknown key", async () => sign(RELEASE, [other]), "no keyring has that key"],
    ["a changed text", async () => replaced(await sign(RELEASE, [archive]), "fancy", "fanci"), "is not valid"],
    ["a cut off file", async () => (await sign(RELEASE, [archive])).subarray(0, -150), "signature"],
    ["a signature from the future", async () => sign(RELEASE, [archive], new Date("2026-01-01")), "future"],
  ])("with %s is refused, and says so", async (_, bytes, message) => {
    const failure = verifyInRelease(await bytes(), options(archive));
    await expect(failure).rejects.toMatchObject({ code: "integrity", message: expect.stringContaining(message) });
  });

  test("a wrong signature is not made good by another that is good for another text", async () => {
    const bytes = replaced(await sign(RELEASE, [archive, other]), "Suite: stable", "Suite: stablf");
    await expect(verifyInRelease(bytes, options(archive, other))).rejects.toThrow("is not valid");
  });

  test("by a key that is expired by now is refused, unless expired ones are allowed", async () => {
    const old = await keyOf("old", 200 * 86_400);
    const bytes = await sign(RELEASE, [old]);
    const later = { ...options(old), now: new Date("2025-08-01T00:00:00Z") };
    await expect(verifyInRelease(bytes, later)).rejects.toThrow(/the key [0-9A-F]{16} expired on 2025-07-20/);
    await expect(verifyInRelease(bytes, { ...later, allowExpired: true })).resolves.toBeDefined();
  });

  test("that is out of date is refused, unless expired ones are allowed", async () => {
    const bytes = await sign(RELEASE, [archive]);
    const later = { ...options(archive), now: new Date("2025-06-08T00:00:01Z") };
    await expect(verifyInRelease(bytes, later)).rejects.toThrow(
      "it was valid until 2025-06-08T00:00:00Z, and now it is 2025-06-08T00:00:01Z",
    );
    await expect(verifyInRelease(bytes, { ...later, allowExpired: true })).resolves.toBeDefined();
  });

  test("that is from the future is refused", async () => {
    const bytes = await sign(RELEASE.replace("01 Jun 2025", "02 Jun 2025"), [archive]);
    await expect(verifyInRelease(bytes, options(archive))).rejects.toThrow("it is of 2025-06-02T00:00:00Z");
  });

  test("without any key, or with a broken keyring, cannot be checked", async () => {
    const bytes = await sign(RELEASE, [archive]);
    await expect(verifyInRelease(bytes, options())).rejects.toThrow("there is no key");
    const broken = { ...options(), keyrings: [Buffer.from("nonsense")] };
    await expect(verifyInRelease(bytes, broken)).rejects.toThrow(/keyring cannot be read|there is no key/);
  });

  test("may have its signature in a file of its own", async () => {
    const bytes = Buffer.from(RELEASE);
    const message = await openpgp.createMessage({ binary: bytes });
    const signed = { message, signingKeys: archive.privateKey, detached: true, date: now } as const;
    const armored = Buffer.from(await openpgp.sign(signed));
    const binary = Buffer.from(await openpgp.sign({ ...signed, format: "binary" }));
    for (const signature of [armored, binary]) {
      await expect(verifyRelease(bytes, { ...options(archive), signature })).resolves.toMatchObject({
        suite: "stable",
      });
      const changed = replaced(bytes, "fancy", "fanci");
      await expect(verifyRelease(changed, { ...options(archive), signature })).rejects.toThrow("is not valid");
      await expect(verifyRelease(bytes, { ...options(other), signature })).rejects.toThrow("no keyring has that key");
    }
    const none = { ...options(archive), signature: Buffer.alloc(0) };
    await expect(verifyRelease(bytes, none)).rejects.toThrow("it has no signature");
  });
});

function replaced(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString("utf8").replace(from, to));
}

describe("what a release lists", () => {
  const release = parseRelease(RELEASE, "Release");

  test("lists of packages, the smallest first", () => {
    const files = packagesFiles(release, { component: "main", architecture: "amd64", what: "Release" });
    expect(files.map(({ what, size }) => [what, size])).toEqual([
      ["main/binary-amd64/Packages.xz", 100],
      ["main/binary-amd64/Packages.gz", 200],
      ["main/binary-amd64/Packages", 300],
    ]);
    expect(byHashPath(files[0] ?? { what: "", size: 0, sha256: "" })).toBe(`main/binary-amd64/by-hash/SHA256/${HASH}`);
  });

  test("a component with a directory of its own", () => {
    const files = packagesFiles(release, { component: "updates/extra", architecture: "arm64", what: "Release" });
    expect(files).toHaveLength(1);
  });

  test("what is not there is an error that says what is", () => {
    expect(() => packagesFiles(release, { component: "main", architecture: "riscv64", what: "Release" })).toThrow(
      "it has the components main, updates/extra for amd64, arm64",
    );
  });

  test.each([
    ["no list", "Suite: x\n", "it has no SHA256 list"],
    ["a short hash", "SHA256:\n abc 1 x\n", 'wanted "sha256 size path"'],
    ["a path that leaves", `SHA256:\n ${HASH} 1 ../../etc/passwd\n`, "it leaves the archive"],
    ["an absolute path", `SHA256:\n ${HASH} 1 /etc/passwd\n`, "it leaves the archive"],
    ["a quoted path", `SHA256:\n ${HASH} 1 a/%2e%2e/b\n`, "it leaves the archive"],
    ["a date that is none", "Date: tomorrow\nSHA256:\n", "wanted a date in UTC"],
  ])("%s is an error", (_, text, message) => {
    expect(() => parseRelease(text, "Release")).toThrow(message);
  });
});

const LISTS = "/var/lib/apt/lists";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const real =
  existsSync(LISTS) && existsSync(KEYRING)
    ? readdirSync(LISTS).filter((name) => /_dists_.*_InRelease$/.test(name))
    : [];

(real.length === 0 ? describe.skip : describe)(
  `this machine's own indexes${real.length === 0 ? " [skipped: no lists or no Debian keyring here]" : ""}`,
  () => {
    test("those that the Debian keyring can check are good, and bad with one letter changed", async () => {
      const unknown: string[] = [];
      for (const name of real) {
        const bytes = readFileSync(`${LISTS}/${name}`);
        const date = /^Date: (.*) UTC$/m.exec(bytes.toString("utf8"))?.[1] ?? "";
        const options = {
          keyrings: [readFileSync(KEYRING)],
          now: new Date(Date.parse(`${date} GMT`) + 86_400_000),
          what: name,
        };
        try {
          const { files, signedBy } = await verifyInRelease(bytes, options);
          expect(signedBy.length).toBeGreaterThan(0);
          expect(files.size).toBeGreaterThan(0);
        } catch (error) {
          if (!String(error).includes("no keyring has that key")) throw error;
          unknown.push(name);
          continue;
        }
        await expect(verifyInRelease(replaced(bytes, "Origin: ", "Origin: x"), options)).rejects.toThrow(
          "is not valid",
        );
      }
      expect(unknown.length).toBeLessThan(real.length);
    });
  },
);
