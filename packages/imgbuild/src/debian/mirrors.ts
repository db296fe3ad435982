import { resolve } from "node:path";
import type { AptSource } from "@imgbuild/debian";
import type { DebianConfig } from "@imgbuild/define";
import { ImgbuildError } from "@imgbuild/errors";
import type { AptMachine } from "./apt-machine.ts";

/** Where a suite may be had, and who may sign it. */
export interface Mirror {
  /** Address of the directory that has `dists` and `pool`, without a slash at its end. */
  readonly root: string;
  /** Files of keys, or keys themselves, armored. */
  readonly keyrings: readonly string[];
  /** Fingerprints, or ends of them, of the keys that may sign; empty for all of the keyrings. */
  readonly fingerprints: readonly string[];
  /** Take indexes that are past their date. */
  readonly allowExpired: boolean;
  /** apt was told not to check signatures. */
  readonly trusted: boolean;
}

/** Where mirrors are named, strongest first: the environment, the config, the machine's apt. */
export interface MirrorSettings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: DebianConfig;
  readonly workspaceRoot: string;
  readonly machine: () => AptMachine;
}

/** The mirrors that may have a suite, best first. Throws `not-found` when nothing names one, `usage` for a bad address. */
export function mirrorsOf(suite: string, settings: MirrorSettings): readonly Mirror[] {
  const named = namedRoots(suite, settings);
  if (named.length > 0) {
    const keyrings = keyringsOf(settings);
    const allowExpired = settings.config.allowExpired ?? false;
    return named.map((root) => ({ root, keyrings, fingerprints: [], allowExpired, trusted: false }));
  }
  const { sources, trustedKeys, archiveKeys } = settings.machine();
  const exact = sources.filter(({ suites }) => suites.includes(suite));
  // Archives have more suites than a machine uses: that of another release is beside its own.
  const found = exact.length > 0 ? exact : sources.filter((source) => isSecurity(source) === isSecuritySuite(suite));
  if (found.length === 0) {
    throw new ImgbuildError(
      "not-found",
      `Cannot find a mirror of the suite "${suite}": nothing on this machine names one`,
      {
        hint: 'Name it: IMGBUILD_DEBIAN_MIRROR=http://…, or defineConfig({ debian: { mirror: "http://…" } }) in imgbuild.config.ts',
      },
    );
  }
  const keys = keyringsOf(settings, trustedKeys.length > 0 ? trustedKeys : archiveKeys);
  return found.flatMap((source) => mirrorsOfSource(source, keys, settings));
}

function mirrorsOfSource(source: AptSource, keys: readonly string[], { config }: MirrorSettings): readonly Mirror[] {
  const fingerprints = source.signedBy.filter((key) => /^[0-9A-Fa-f]{16,40}!?$/.test(key));
  const keyrings = source.signedBy.filter((key) => !fingerprints.includes(key));
  const allowExpired = (config.allowExpired ?? false) || !source.checkValidUntil;
  return source.uris
    .filter((uri) => /^https?:/i.test(uri))
    .map((uri) => ({
      root: uri.replace(/\/+$/, ""),
      keyrings: config.keyrings !== undefined || keyrings.length === 0 ? keys : keyrings,
      fingerprints: fingerprints.map((key) => key.replace("!", "").toUpperCase()),
      allowExpired,
      trusted: source.trusted,
    }));
}

/** Keys of the environment, else of the config, else these. */
function keyringsOf(
  { env, config, workspaceRoot, machine }: MirrorSettings,
  others?: readonly string[],
): readonly string[] {
  const listed = env.IMGBUILD_DEBIAN_KEYRINGS;
  const named = listed ? listed.split(":").filter((path) => path !== "") : config.keyrings;
  if (named !== undefined) return named.map((path) => resolve(workspaceRoot, path));
  if (others !== undefined) return others;
  const { archiveKeys, trustedKeys } = machine();
  return archiveKeys.length > 0 ? archiveKeys : trustedKeys;
}

function namedRoots(suite: string, { env, config }: MirrorSettings): readonly string[] {
  const fromEnv = rootOf(env.IMGBUILD_DEBIAN_MIRROR, "IMGBUILD_DEBIAN_MIRROR");
  const mirror = fromEnv ?? config.mirror?.replace(/\/+$/, "");
  const security =
    rootOf(env.IMGBUILD_DEBIAN_SECURITY_MIRROR, "IMGBUILD_DEBIAN_SECURITY_MIRROR") ??
    (fromEnv === undefined ? config.securityMirror?.replace(/\/+$/, "") : undefined);
  if (!isSecuritySuite(suite)) return mirror === undefined ? [] : [mirror];
  if (security !== undefined) return [security];
  if (mirror === undefined) return [];
  return /\/debian$/.test(mirror) ? [`${mirror}-security`, mirror] : [mirror];
}

function rootOf(text: string | undefined, variable: string): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^https?:\/\/[^\s/]+/.test(text)) return text.replace(/\/+$/, "");
  throw new ImgbuildError("usage", `Cannot use the variable ${variable}=${JSON.stringify(text)}: wanted an address`, {
    hint: "Write for example http://mirror.example.com/debian",
  });
}

function isSecuritySuite(suite: string): boolean {
  return suite.endsWith("-security") || suite.endsWith("/updates");
}

function isSecurity({ suites, uris }: AptSource): boolean {
  return suites.every(isSecuritySuite) || uris.every((uri) => /security/.test(new URL(uri).pathname));
}
