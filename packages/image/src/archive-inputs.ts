import { createHash, type Hash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { fromUnknown } from "@imgbuild/errors";
import { type Descriptor, type Digest, digestFromSha256 } from "@imgbuild/oci";
import { openDirectoryMembers } from "./directory-members.ts";
import { readPieces } from "./file-pieces.ts";
import { blobPath } from "./layout-content.ts";
import type { Members } from "./members.ts";
import { parseManifest } from "./parse-documents.ts";
import { LAYOUT_INDEX } from "./read-oci-layout.ts";

const MAX_DOCUMENTS = 10_000;

/**
 * A digest of what decides which image an archive holds, for the key of a step that imports it. Of a layout directory these
 * are its documents: they name the layers by digest, so layers are not read. Of a file it is the content. What is missing
 * or damaged is part of the digest, and is reported by the import. Throws `input-missing` or `input-unreadable`.
 */
export function archiveDigestInputs(path: string): Digest {
  const hash = createHash("sha256");
  try {
    if (statSync(path).isDirectory()) hashLayout(path, hash);
    else for (const piece of readPieces(path, { follow: true })) hash.update(piece);
  } catch (error) {
    throw fromUnknown(error, `Cannot read the image in "${path}"`);
  }
  return digestFromSha256(hash.digest("hex"));
}

function hashLayout(path: string, hash: Hash): void {
  const members = openDirectoryMembers(path, new AbortController().signal);
  if (!members.has(LAYOUT_INDEX)) hash.update(JSON.stringify(readdirSync(path).sort()));
  addDocument(members, "oci-layout", hash);
  const seen = new Set<string>();
  const queue = documentsIn(addDocument(members, LAYOUT_INDEX, hash));
  for (let next = queue.shift(); next !== undefined && seen.size < MAX_DOCUMENTS; next = queue.shift()) {
    if (seen.has(next.digest)) continue;
    seen.add(next.digest);
    queue.push(...documentsIn(addDocument(members, blobPath(next.digest), hash)));
  }
}

/** Adds path, size and bytes, so that two different layouts cannot give one stream. */
function addDocument(members: Members, path: string, hash: Hash): Buffer | undefined {
  const bytes = contentOf(members, path);
  hash.update(`${path} ${bytes?.length ?? "-"}\n`);
  if (bytes !== undefined) hash.update(bytes);
  return bytes;
}

function contentOf(members: Members, path: string): Buffer | undefined {
  try {
    return members.document(path);
  } catch {
    return undefined;
  }
}

function documentsIn(bytes: Buffer | undefined): Descriptor[] {
  if (bytes === undefined) return [];
  try {
    const { manifests, config } = parseManifest(bytes, { label: "", what: "" });
    return [...(manifests ?? []), ...(config === undefined ? [] : [config])];
  } catch {
    return [];
  }
}
