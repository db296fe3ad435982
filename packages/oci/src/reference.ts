import { ImgbuildError } from "@imgbuild/errors";
import { type Digest, parseDigest } from "./digest.ts";

/** A parsed image reference: `host:port/repository:tag@digest` (distribution spec; docker/distribution grammar). */
export interface Reference {
  /** Host with optional port; undefined when the text names none. */
  readonly host: string | undefined;
  /** Path of the repository, lower case. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const HOST = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;

/** Whether `text` may be a tag: letters, digits, `_ . -`, at most 128, not starting with `.` or `-`. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Parses a reference; throws `usage` naming the part that is wrong. No default host or tag is added. */
export function parseReference(text: string): Reference {
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1));
  const named = at < 0 ? text : text.slice(0, at);
  const slash = named.lastIndexOf("/");
  const colon = named.indexOf(":", slash + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  if (tag !== undefined && !isTag(tag)) throw wrong(text, `the tag ${JSON.stringify(tag)} is not valid`);
  const first = name.indexOf("/");
  const head = first < 0 ? "" : name.slice(0, first);
  const hasHost = head !== "" && (/[.:]/.test(head) || head === "localhost" || /[A-Z]/.test(head));
  if (hasHost && !HOST.test(head)) throw wrong(text, `the host ${JSON.stringify(head)} is not valid`);
  const repository = hasHost ? name.slice(first + 1) : name;
  if (!REPOSITORY.test(repository)) throw wrong(text, `the repository ${JSON.stringify(repository)} is not valid`);
  return { host: hasHost ? head : undefined, repository, tag, digest };
}

/** The text of a reference; inverse of {@link parseReference}. */
export function formatReference(reference: Reference): string {
  const host = reference.host === undefined ? "" : `${reference.host}/`;
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${host}${reference.repository}${tag}${digest}`;
}

function wrong(text: string, what: string): ImgbuildError {
  return new ImgbuildError("usage", `Cannot read the image reference ${JSON.stringify(text)}: ${what}`, {
    hint: 'Write it as "name:tag" or "host:port/path/name:tag", with a lower-case name',
  });
}
