import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type FaultServer, startFaultServer } from "./fault-server.ts";
import { type TestMember, tarOf } from "./tiny-image.ts";

/** A package for tests; fields that are no files go into its package.json and its lock entry. */
export interface TestPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  /** Beside package.json, by path in the package. */
  readonly files?: Readonly<Record<string, TestMember>>;
  /** Members of the tarball as they are, after all others: for what no honest package has. */
  readonly members?: readonly (readonly [string, TestMember])[];
}

/** A registry on loopback that knows tarballs and nothing else: that is all that a lock needs. */
export interface TestRegistry extends AsyncDisposable {
  /** Ends with `/`. */
  readonly url: string;
  readonly server: FaultServer;
  /** Serves the tarball of a package. */
  publish(item: TestPackage): void;
  /** Path of its tarball on the server. */
  pathOf(item: TestPackage): string;
  /** Paths of tarballs that were asked for, sorted. */
  fetched(): readonly string[];
}

/** Starts a {@link TestRegistry} with some packages. */
export async function startTestRegistry(packages: readonly TestPackage[] = []): Promise<TestRegistry> {
  const server = await startFaultServer();
  const publish = (item: TestPackage) => server.put(pathOf(item), tarballOf(item));
  for (const item of packages) publish(item);
  return {
    url: `${server.url}/`,
    server,
    publish,
    pathOf,
    fetched: () => server.requests.map(({ url }) => url).sort(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function pathOf({ name, version }: TestPackage): string {
  return `/${name}/-/${name.replace(/^@[^/]+\//, "")}-${version}.tgz`;
}

/** The tarball of a package, the same each time. */
export function tarballOf(item: TestPackage): Buffer {
  const { files = {}, members = [], ...manifest } = item;
  const inside = Object.entries(files).map(([path, member]) => [`package/${path}`, member] as const);
  return gzipSync(tarOf([["package/package.json", JSON.stringify(manifest)], ...inside, ...members]));
}

/** What npm's lock would call it: the hash of the tarball. */
export function integrityOf(item: TestPackage): string {
  return `sha512-${createHash("sha512").update(tarballOf(item)).digest("base64")}`;
}

/** A repository for tests. */
export interface TestRepository {
  /** The package.json of each workspace by directory. */
  readonly workspaces: Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly name: string }>>;
  /** What npm installed where: `node_modules/x` → package. */
  readonly installed: Readonly<Record<string, TestPackage>>;
  /** Changes the entry of an install path. */
  readonly edit?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The package.json files and the package-lock.json of a repository, as npm would have written them. */
export function repositoryFiles({ workspaces, installed, edit = {} }: TestRepository): Record<string, string> {
  const root = { name: "root", private: true, workspaces: Object.keys(workspaces) };
  const packages: Record<string, object> = { "": { name: "root", workspaces: root.workspaces } };
  const files: Record<string, string> = { "package.json": JSON.stringify(root) };
  for (const [directory, manifest] of Object.entries(workspaces)) {
    packages[directory] = manifest;
    packages[`node_modules/${manifest.name}`] = { resolved: directory, link: true };
    files[`${directory}/package.json`] = JSON.stringify(manifest);
  }
  for (const [path, item] of Object.entries(installed)) {
    const { files: _, members, scripts = {}, ...recorded } = item;
    const hasInstallScript = ["preinstall", "install", "postinstall"].some((name) => Object.hasOwn(scripts, name));
    packages[path] = { ...recorded, integrity: integrityOf(item), ...(hasInstallScript ? { hasInstallScript } : {}) };
  }
  for (const [path, changes] of Object.entries(edit)) packages[path] = { ...packages[path], ...changes };
  files["package-lock.json"] = JSON.stringify({ name: "root", lockfileVersion: 3, packages }, null, 2);
  return files;
}
