import { createHash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";

interface Element {
  readonly tag: number;
  /** With tag and length. */
  readonly whole: Buffer;
  readonly body: Buffer;
}

const UTF8 = 0x0c;
const SET = 0x31;
const SEQUENCE = 0x30;
/** String types that OpenSSL brings to one form (crypto/x509/x_name.c, ASN1_MASK_CANON). */
const DECODERS: Readonly<Record<number, (bytes: Buffer) => string>> = {
  [UTF8]: (bytes) => bytes.toString("utf8"),
  19: (bytes) => bytes.toString("latin1"),
  20: (bytes) => bytes.toString("latin1"),
  22: (bytes) => bytes.toString("latin1"),
  26: (bytes) => bytes.toString("latin1"),
  28: (bytes) =>
    String.fromCodePoint(...Array.from({ length: bytes.length >> 2 }, (_, i) => bytes.readUInt32BE(4 * i))),
  30: (bytes) =>
    Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString("utf16le"),
};

/**
 * The hash of a certificate's subject by which OpenSSL (1.0 and later) looks it up in a directory: eight hex digits, as
 * `openssl x509 -subject_hash`. `path` names the certificate in errors: `invalid-archive` when it cannot be read.
 */
export function subjectHash(der: Uint8Array, path: string): string {
  try {
    const [certificate] = elements(Buffer.from(der));
    const [toBeSigned] = elements(certificate?.body ?? Buffer.alloc(0));
    const fields = elements(toBeSigned?.body ?? Buffer.alloc(0));
    // version [0] is optional; then serialNumber, signature, issuer, validity, subject.
    const subject = fields[fields[0]?.tag === 0xa0 ? 5 : 4];
    if (subject?.tag !== SEQUENCE) throw new RangeError("no subject");
    const digest = createHash("sha1")
      .update(Buffer.concat(elements(subject.body).map(canonicalSet)))
      .digest();
    return digest.readUInt32LE(0).toString(16).padStart(8, "0");
  } catch (cause) {
    throw new ImgbuildError("invalid-archive", `Cannot read certificate "${path}": its subject is damaged`, { cause });
  }
}

function elements(bytes: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at);
    const first = bytes.readUInt8(at + 1);
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (count > 4) throw new RangeError("length");
    const length = count === 0 ? first : bytes.readUIntBE(at + 2, count);
    const start = at + 2 + count;
    if (start + length > bytes.length) throw new RangeError("length");
    found.push({ tag, whole: bytes.subarray(at, start + length), body: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

function canonicalSet(set: Element): Buffer {
  const attributes = elements(set.body).map((attribute) => {
    const [type, value] = elements(attribute.body);
    if (type === undefined || value === undefined) throw new RangeError("attribute");
    return encode(SEQUENCE, Buffer.concat([type.whole, canonicalValue(value)]));
  });
  // DER: the members of a SET are sorted by their encoding.
  return encode(SET, Buffer.concat(attributes.sort(Buffer.compare)));
}

/** UTF-8, ASCII letters in lower case, no blanks around, one blank within. */
function canonicalValue({ tag, whole, body }: Element): Buffer {
  const decode = DECODERS[tag];
  if (decode === undefined) return whole;
  const text = decode(body)
    .replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "")
    .replace(/[ \t\n\v\f\r]+/g, " ");
  return encode(UTF8, Buffer.from(text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())));
}

function encode(tag: number, body: Buffer): Buffer {
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, "0"), "hex");
  if (body.length > 0xffff) throw new RangeError("length");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}
