/** What a PAX header says: UTF-8 text, or bytes for extended attributes. */
export type PaxRecords = ReadonlyMap<string, string | Uint8Array>;

/** The content of a PAX header: `length key=value\n` for each record, sorted by key. The length counts itself. */
export function encodePax(records: PaxRecords): Buffer {
  const parts: Uint8Array[] = [];
  for (const key of [...records.keys()].sort()) {
    const value = records.get(key) ?? "";
    const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
    const rest = Buffer.from(` ${key}=`, "utf8");
    const body = rest.length + bytes.length + 1;
    let length = body + String(body).length;
    if (body + String(length).length !== length) length = body + String(length).length;
    parts.push(Buffer.from(String(length), "latin1"), rest, bytes, NEWLINE);
  }
  return Buffer.concat(parts);
}

const NEWLINE = Buffer.from("\n", "latin1");
