import { createHash, X509Certificate } from "node:crypto";
import { byCodeUnit } from "../text/by-code-unit.ts";
import type { CertificateFile } from "./ca-certificates.ts";

/** Where Java on Debian looks for authorities. */
export const JAVA_KEYSTORE = "etc/ssl/certs/java/cacerts";

/** The password that everyone knows; it is no secret, for nothing in the store is. */
const PASSWORD = "changeit";
const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;
/** One second after the epoch: the same on every day. */
const CREATED_MS = 1000n;

/**
 * A Java keystore (JKS, as sun.security.provider.JavaKeyStore reads it) of trusted certificates, each under the name of its file, as
 * `ca-certificates-java` makes it.
 */
export function javaKeystore(files: readonly CertificateFile[]): Buffer {
  const entries = new Map<string, Buffer>();
  for (const { path, content } of [...files].sort((a, b) => byCodeUnit(a.path, b.path))) {
    const name = path
      .slice(path.lastIndexOf("/") + 1)
      .replace(/\.crt$/, "")
      .toLowerCase();
    entries.set(`debian:${name}.pem`, new X509Certificate(Buffer.from(content)).raw);
  }
  const head = Buffer.alloc(12);
  head.writeUInt32BE(MAGIC, 0);
  head.writeUInt32BE(VERSION, 4);
  head.writeUInt32BE(entries.size, 8);
  const body = Buffer.concat([head, ...[...entries].map(([alias, der]) => entryOf(alias, der))]);
  const seal = createHash("sha1")
    .update(Buffer.from(PASSWORD, "utf16le").swap16())
    .update("Mighty Aphrodite")
    .update(body)
    .digest();
  return Buffer.concat([body, seal]);
}

function entryOf(alias: string, der: Buffer): Buffer {
  const tag = Buffer.alloc(4);
  tag.writeUInt32BE(TRUSTED_CERTIFICATE);
  const created = Buffer.alloc(8);
  created.writeBigInt64BE(CREATED_MS);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(der.length);
  return Buffer.concat([tag, modifiedUtf8(alias), created, modifiedUtf8("X.509"), size, der]);
}

/** Java's form of text: its length in two bytes, then UTF-8, which for the names of certificates is the usual one. */
function modifiedUtf8(text: string): Buffer {
  const bytes = Buffer.from(text);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(bytes.length);
  return Buffer.concat([size, bytes]);
}
