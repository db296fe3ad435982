import { decompress } from "@imgbuild/debian";
import { readTar, type TarType } from "@imgbuild/tar";
import type { ArchiveFile } from "./archive-file.ts";
import type { ArchiveMember, UnpackContext } from "./archive-member.ts";

const KINDS: Readonly<Record<TarType, ArchiveMember["kind"]>> = {
  file: "file",
  directory: "directory",
  symlink: "symlink",
  hardlink: "hardlink",
  char: "other",
  block: "other",
  fifo: "other",
};

/** The members of a tar, whatever compresses it. */
export async function* tarMembers(
  file: ArchiveFile,
  { progress }: Pick<UnpackContext, "progress">,
): AsyncGenerator<ArchiveMember, void, undefined> {
  for await (const { header, content } of readTar(decompress(file.stream(progress)))) {
    const { path, type, mode, linkname } = header;
    yield { path, kind: KINDS[type], executable: (mode & 0o111) !== 0, target: linkname, content };
  }
}
