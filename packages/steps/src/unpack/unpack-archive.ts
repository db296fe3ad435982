import { ImgbuildError } from "@imgbuild/errors";
import { type StoredTree, StoredTreeWriter } from "@imgbuild/image";
import type { ArchiveFile } from "./archive-file.ts";
import type { ArchiveMember, UnpackContext } from "./archive-member.ts";
import { ArchiveTree } from "./archive-tree.ts";
import { tarMembers } from "./tar-members.ts";
import { zipMembers } from "./zip-members.ts";

const WANTED =
  "Give it a tar, plain or compressed by gzip, zstd or xz, or a zip; anything else can be unpacked with runCommand";

/** First bytes of what is no archive for us, and what it is. */
const OTHERS: readonly (readonly [string, string])[] = [
  ["425a68", "compressed by bzip2"],
  ["377abcaf271c", "a 7z archive"],
  ["526172211a07", "a RAR archive"],
  ["213c617263683e0a", "an ar archive, such as a Debian package"],
];

/**
 * Unpacks a tar (plain, gzip, zstd, xz) or zip into the store: files with mode 0644 or 0755, directories, links that stay inside.
 * Throws `path-escape`, `invalid-archive`, `unsupported`, `definition`, naming the member; then nothing of it is kept.
 */
export async function unpackArchive(file: ArchiveFile, context: UnpackContext): Promise<StoredTree> {
  const { title, store, args, signal } = context;
  const magic = Buffer.from(file.read(0, 8)).toString("hex");
  const other = OTHERS.find(([start]) => magic.startsWith(start));
  if (other !== undefined) {
    throw new ImgbuildError("unsupported", `Cannot unpack ${title}: it is ${other[1]}`, {
      hint: WANTED,
    });
  }
  if (file.size === 0)
    throw new ImgbuildError("invalid-archive", `Cannot unpack ${title}: it is empty`, { hint: WANTED });
  const tree = new ArchiveTree(args, title);
  const writer = new StoredTreeWriter(store);
  try {
    const isZip = /^504b(0304|0506|0708)/.test(magic);
    for await (const member of isZip ? zipMembers(file, context) : tarMembers(file, context)) {
      signal.throwIfAborted();
      await addMember(writer, tree, member);
    }
    tree.checkKept();
    return writer.commit();
  } catch (error) {
    writer.abort();
    throw tree.members === 0 ? noArchive(error, title) : error;
  }
}

/** Where not even the first member can be read, it is mostly something else. */
function noArchive(error: unknown, title: string): unknown {
  if (!(error instanceof ImgbuildError) || !/^Cannot read the archive/.test(error.message)) return error;
  return new ImgbuildError("invalid-archive", `Cannot unpack ${title}: it is no tar and no zip`, {
    hint: WANTED,
    cause: error,
  });
}

async function addMember(writer: StoredTreeWriter, tree: ArchiveTree, member: ArchiveMember): Promise<void> {
  const { path: name, kind, executable, target, content } = member;
  const path = tree.place(name, kind === "hardlink" || kind === "other" ? "file" : kind);
  if (path === undefined) return;
  const owner = { uid: 0, gid: 0 };
  switch (kind) {
    case "file":
      await writer.addFile({ path, mode: executable ? 0o755 : 0o644, ...owner }, content);
      break;
    case "directory":
      writer.add({ path, type: "directory", mode: 0o755, ...owner, target: "" });
      break;
    case "symlink":
      tree.checkLink(name, { path, target });
      writer.add({ path, type: "symlink", mode: 0o777, ...owner, target });
      break;
    case "hardlink": {
      writer.addCopy({ path, mode: executable ? 0o755 : 0o644, ...owner }, tree.linked(name, { path, target }));
      break;
    }
    case "other":
      throw tree.bad(name, "it is a device or pipe");
  }
}
