import { END_OF_ARCHIVE, encodeHeader, paddingOf, type TarHeader } from "@imgbuild/tar";

/** A member of a made archive: path and what differs from an empty file of root. */
export type Member = Partial<TarHeader> & { readonly path: string; readonly text?: string };

/** A tar archive of these members. */
export function makeTar(members: readonly Member[]): Buffer {
  const pieces = members.flatMap(({ text = "", ...own }) => {
    const content = Buffer.from(text);
    const header: TarHeader = {
      type: "file",
      mode: 0o644,
      uid: 0,
      gid: 0,
      uname: "",
      gname: "",
      mtime: 0,
      linkname: "",
      devMajor: 0,
      devMinor: 0,
      size: content.length,
      ...own,
    };
    return [encodeHeader(header), content, Buffer.alloc(paddingOf(content.length))];
  });
  return Buffer.concat([...pieces, END_OF_ARCHIVE]);
}

/** An `ar` archive of these members. */
export function makeAr(members: readonly (readonly [name: string, content: Uint8Array | string])[]): Buffer {
  const pieces = members.flatMap(([name, content]) => {
    const bytes = Buffer.from(content);
    const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`;
    return [Buffer.from(header), bytes, Buffer.from(bytes.length % 2 === 1 ? "\n" : "")];
  });
  return Buffer.concat([Buffer.from("!<arch>\n"), ...pieces]);
}

/** What a made package is of. */
export interface DebParts {
  readonly control?: string;
  readonly controlFiles?: Readonly<Record<string, string>>;
  readonly data?: readonly Member[];
}

/** A control file of the package `demo` with more fields. */
export function controlOf(fields = ""): string {
  return `Package: demo\nVersion: 1.0\nArchitecture: amd64\nMaintainer: Nobody <nobody@mirror.example>\n${fields}Description: a demo\n`;
}

/** A package with uncompressed members. */
export function makeDeb({ control = controlOf(), controlFiles = {}, data = [] }: DebParts = {}): Buffer {
  const files = Object.entries({ control, ...controlFiles }).map(([path, text]) => ({ path, text }));
  return makeAr([
    ["debian-binary", "2.0\n"],
    ["control.tar", makeTar(files)],
    ["data.tar", makeTar(data)],
  ]);
}
