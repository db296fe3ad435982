import { ImgbuildError } from "@imgbuild/errors";
import { formatReference, parseReference, type Reference } from "@imgbuild/oci";

/** A name and tag as an archive says them; undefined for a part that it does not say. */
export interface ImageName {
  readonly name: string | undefined;
  readonly tag: string | undefined;
}

/**
 * `name:tag` as `docker save` writes it: with `latest` when the reference has no tag. Throws `usage` for a reference that
 * is not valid or has a digest: an archive cannot hold one.
 */
export function repoTag(reference: string): string {
  return formatReference(taggedReference(reference));
}

/** The tag of a reference; `latest` when it has none. Throws like {@link repoTag}. */
export function tagOf(reference: string): string {
  return taggedReference(reference).tag;
}

/** The full name that containerd uses: `app:1` → `docker.io/library/app:1`. Throws like {@link repoTag}. */
export function fullName(reference: string): string {
  const { host, repository, tag } = taggedReference(reference);
  const path = host === undefined && !repository.includes("/") ? `library/${repository}` : repository;
  return `${host ?? "docker.io"}/${path}:${tag}`;
}

/** Reads a name in an archive, which may be of any form; nothing is refused. */
export function readImageName(text: string): ImageName {
  const named = text.split("@")[0] ?? "";
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  if (colon < 0) return { name: named === "" ? undefined : named, tag: undefined };
  return { name: named.slice(0, colon), tag: named.slice(colon + 1) };
}

/** Whether two names mean one repository: Docker Hub and `localhost` may be named or left out. */
export function sameName(one: string, other: string): boolean {
  return one === other || familiar(one) === familiar(other);
}

function familiar(name: string): string {
  return name.replace(/^(?:(?:index\.)?docker\.io\/(?:library\/)?|localhost\/)/, "");
}

function taggedReference(text: string): Reference & { readonly tag: string } {
  const reference = parseReference(text);
  if (reference.digest === undefined) return { ...reference, tag: reference.tag ?? "latest" };
  throw new ImgbuildError("usage", `Cannot name an image "${text}": a digest names one image already, wanted name:tag`);
}
