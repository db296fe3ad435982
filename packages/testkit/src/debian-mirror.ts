import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import * as openpgp from "openpgp";
import { type FaultServer, startFaultServer } from "./fault-server.ts";
import { type TestMember, tarOf } from "./tiny-image.ts";

/** A package of Debian for tests. */
export interface TestDeb {
  readonly name: string;
  readonly version: string;
  /** Default `amd64`. */
  readonly architecture?: string;
  /** More fields of its control file, in it and in the index: `Depends: a`. */
  readonly fields?: readonly string[];
  /** Files and other members, by path. Directories above them are added. */
  readonly files?: Readonly<Record<string, TestMember>>;
  /** Members as they are, after all others: for what no honest package has. */
  readonly members?: readonly (readonly [string, TestMember])[];
  /** Files of its control archive beside `control`: `postinst`, `conffiles`, … */
  readonly control?: Readonly<Record<string, string>>;
}

/** When a suite is from and how it is signed. */
export interface PublishOptions {
  readonly date?: Date;
  readonly validUntil?: Date;
  /** `other`: signed by a key that the keyring does not have. */
  readonly key?: "archive" | "other";
  /** The directory of the suite; default its name. */
  readonly at?: string;
  /** Default `main`. */
  readonly component?: string;
  /** Those that the index says it has. Default amd64 and arm64. */
  readonly architectures?: readonly string[];
}

/** An archive of Debian packages on loopback, with keys of its own. */
export interface TestMirror extends AsyncDisposable {
  /** The directory that has `dists` and `pool`. */
  readonly url: string;
  readonly server: FaultServer;
  /** What `gpg --export` would give. */
  readonly keyring: Buffer;
  /** Replaces a suite: its packages, their lists, and the signed index. */
  publish(suite: string, packages: readonly TestDeb[], options?: PublishOptions): Promise<void>;
  /** Path of a package's file on the server. */
  pathOf(item: TestDeb): string;
  /** Paths below `pool` that were asked for, sorted. */
  fetched(): readonly string[];
}

const DAY = 86_400_000;
const MADE = new Date("2020-01-01T00:00:00Z");

/** Starts a {@link TestMirror}. Dispose of it with `await using`. */
export async function startTestMirror(): Promise<TestMirror> {
  const server = await startFaultServer();
  const keys = { archive: await makeKey("archive"), other: await makeKey("other") };
  const pathOf = ({ name, version, architecture = "amd64" }: TestDeb) =>
    `/debian/pool/main/${name}_${version.replace(/^\d+:/, "")}_${architecture}.deb`;
  return {
    url: `${server.url}/debian`,
    server,
    keyring: Buffer.from(keys.archive.toPublic().write()),
    pathOf,
    fetched: () =>
      server.requests
        .map(({ url }) => url)
        .filter((url) => url.includes("/pool/"))
        .sort(),
    async publish(suite, packages, options = {}) {
      for (const item of packages) server.put(pathOf(item), debOf(item));
      const { component = "main", key = "archive", architectures = ["amd64", "arm64"] } = options;
      const base = `/debian/dists/${options.at ?? suite}`;
      const sums = architectures.map((architecture) => {
        const listed = packages.filter((item) => [architecture, "all"].includes(item.architecture ?? "amd64"));
        const list = gzipSync(listed.map((item) => stanzaOf(item, pathOf(item).replace("/debian/", ""))).join("\n"));
        const path = `${component}/binary-${architecture}/Packages.gz`;
        server.put(`${base}/${path}`, list);
        return ` ${sha256(list)} ${list.length} ${path}`;
      });
      server.put(
        `${base}/InRelease`,
        await signed(releaseOf(suite, { ...options, component, architectures, sums }), keys[key]),
      );
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function makeKey(name: string): Promise<openpgp.PrivateKey> {
  const userIDs = [{ name, email: `${name}@mirror.example.com` }];
  return (await openpgp.generateKey({ type: "ecc", userIDs, date: MADE, format: "object" })).privateKey;
}

async function signed(text: string, signingKeys: openpgp.PrivateKey): Promise<string> {
  return openpgp.sign({ message: await openpgp.createCleartextMessage({ text }), signingKeys });
}

function releaseOf(suite: string, about: PublishOptions & { readonly sums: readonly string[] }): string {
  const { date = new Date(Date.now() - DAY), validUntil, component, architectures = [], sums } = about;
  return [
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    `Date: ${date.toUTCString().replace("GMT", "UTC")}`,
    ...(validUntil === undefined ? [] : [`Valid-Until: ${validUntil.toUTCString().replace("GMT", "UTC")}`]),
    `Architectures: ${architectures.join(" ")}`,
    `Components: ${component}`,
    "SHA256:",
    ...sums,
    "",
  ].join("\n");
}

function stanzaOf(item: TestDeb, path: string): string {
  const deb = debOf(item);
  return `${controlOf(item)}Filename: ${path}\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`;
}

function controlOf({ name, version, architecture = "amd64", fields = [] }: TestDeb): string {
  const own = [`Package: ${name}`, `Version: ${version}`, `Architecture: ${architecture}`];
  return `${[...own, "Maintainer: Nobody <nobody@mirror.example.com>", ...fields, "Description: a test"].join("\n")}\n`;
}

/** The file of a package, the same each time. */
export function debOf(item: TestDeb): Buffer {
  const { files = {}, members = [], control = {} } = item;
  const directories = new Set<string>();
  for (const path of Object.keys(files)) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) directories.add(path.slice(0, at));
  }
  const above = [...directories].filter((path) => !Object.hasOwn(files, path)).sort();
  const listed = [
    ...above.map((path) => [`./${path}/`, { type: "directory", mode: 0o755 }] as const),
    ...Object.entries(files).map(([path, member]) => [`./${path}`, member] as const),
    ...members,
  ];
  return arOf([
    ["debian-binary", Buffer.from("2.0\n")],
    ["control.tar.gz", gzipSync(tarOf({ "./control": controlOf(item), ...prefixed(control) }))],
    ["data.tar.gz", gzipSync(tarOf(listed))],
  ]);
}

function prefixed(files: Readonly<Record<string, string>>): Record<string, TestMember> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`./${name}`, text]));
}

function arOf(members: readonly (readonly [string, Buffer])[]): Buffer {
  const parts = members.flatMap(([name, bytes]) => {
    const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`;
    return [Buffer.from(header), bytes, Buffer.from(bytes.length % 2 === 1 ? "\n" : "")];
  });
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
