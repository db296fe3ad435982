import { X509Certificate } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit } from "../text/by-code-unit.ts";
import type { Link } from "./alternatives.ts";
import { subjectHash } from "./subject-hash.ts";

/** A certificate file of a tree. */
export interface CertificateFile {
  /** Relative to the root: `usr/share/ca-certificates/mozilla/X.crt`. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** What `update-ca-certificates` would have made. */
export interface CaStore {
  /** `etc/ssl/certs/ca-certificates.crt`: all of them. */
  readonly bundle: { readonly path: string; readonly content: Buffer };
  /** In `etc/ssl/certs`: a link by name to each, and one by the hash of its subject, by which OpenSSL finds it. Sorted. */
  readonly links: readonly Link[];
}

const DIRECTORY = "etc/ssl/certs";

/** Whether a path is where packages and administrators put certificates that are to be trusted. */
export function isCertificatePath(path: string): boolean {
  return /^usr\/(?:local\/)?share\/ca-certificates\/.+\.crt$/.test(path);
}

/**
 * The store of trusted certificates: of packages by path, then local ones by path, each once. Throws `invalid-archive`
 * naming the file for one that is not exactly one certificate in PEM.
 */
export function caStore(files: readonly CertificateFile[]): CaStore {
  const isLocal = (file: CertificateFile): number => Number(file.path.startsWith("usr/local/"));
  const sorted = [...files].sort((a, b) => isLocal(a) - isLocal(b) || byCodeUnit(a.path, b.path));
  const pieces: string[] = [];
  const links = new Map<string, string>();
  const seen = new Set<string>();
  for (const { path, content } of sorted) {
    const { pem, certificate } = readCertificate(path, content);
    if (seen.has(certificate.fingerprint256)) continue;
    seen.add(certificate.fingerprint256);
    pieces.push(`${pem}\n`);
    const name = freeName(links, nameOf(path));
    links.set(`${DIRECTORY}/${name}`, `/${path}`);
    const hash = subjectHash(certificate.raw, path);
    let number = 0;
    while (links.has(`${DIRECTORY}/${hash}.${number}`)) number += 1;
    links.set(`${DIRECTORY}/${hash}.${number}`, name);
  }
  return {
    bundle: { path: `${DIRECTORY}/ca-certificates.crt`, content: Buffer.from(pieces.join("")) },
    links: [...links].map(([path, target]) => ({ path, target })).sort((a, b) => byCodeUnit(a.path, b.path)),
  };
}

/** As `update-ca-certificates` names them. */
function nameOf(path: string): string {
  const base = path.slice(path.lastIndexOf("/") + 1).replace(/\.crt$/, "");
  return `${base.replace(/[ ]/g, "_").replace(/[()]/g, "=").replaceAll(",", "_")}.pem`;
}

function freeName(links: ReadonlyMap<string, string>, name: string): string {
  let free = name;
  for (let number = 2; links.has(`${DIRECTORY}/${free}`); number += 1) free = name.replace(/\.pem$/, `-${number}.pem`);
  return free;
}

function readCertificate(path: string, content: Uint8Array): { pem: string; certificate: X509Certificate } {
  const text = Buffer.from(content).toString("latin1");
  const found = text.match(
    /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END (?:TRUSTED )?CERTIFICATE-----/g,
  );
  const [pem] = found ?? [];
  if (pem === undefined || found?.length !== 1)
    throw certificateError(path, `it has ${found?.length ?? 0} certificates, wanted 1`);
  try {
    return { pem: pem.replaceAll("\r", ""), certificate: new X509Certificate(pem) };
  } catch (cause) {
    throw certificateError(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function certificateError(path: string, reason: string, cause?: unknown): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot read certificate "${path}": ${reason}`, { cause });
}
