import { ImgbuildError } from "@imgbuild/errors";
import { type ImageName, readImageName, sameName } from "./image-names.ts";

/** Which image of an archive is wanted; null for a part that is not said. */
export interface ImagePick {
  readonly name: string | null;
  readonly tag: string | null;
}

/** An image of an archive that may be chosen. */
export interface Candidate<T> {
  readonly names: readonly ImageName[];
  /** Equal for candidates that are one image under several names. */
  readonly identity: string;
  readonly value: T;
}

/**
 * The images that are meant: all candidates with the wanted name and tag, one for each identity. Throws `not-found` with
 * what there is when none has them.
 */
export function matchingImages<T>(
  candidates: readonly Candidate<T>[],
  pick: ImagePick,
  label: string,
): readonly Candidate<T>[] {
  const matching = candidates.filter(({ names }) => isWanted(names, pick));
  if (matching.length > 0) return uniqueCandidates(matching);
  throw new ImgbuildError("not-found", `Cannot find the image ${wantedText(pick)} in ${label}: ${listed(candidates)}`, {
    hint: "Set fromImageName and fromImageTag to one of these",
  });
}

/** One candidate for each identity, with the names of all. */
function uniqueCandidates<T>(candidates: readonly Candidate<T>[]): Candidate<T>[] {
  const unique = new Map<string, Candidate<T>>();
  for (const one of candidates) {
    const known = unique.get(one.identity);
    unique.set(one.identity, { ...one, names: [...(known?.names ?? []), ...one.names] });
  }
  return [...unique.values()];
}

/** The one image that is meant. Throws `not-found` for none, `invalid-archive` for several, with what there is. */
export function chooseImage<T>(candidates: readonly Candidate<T>[], pick: ImagePick, label: string): T {
  const [first, ...others] = matchingImages(candidates, pick, label);
  if (first !== undefined && others.length === 0) return first.value;
  throw severalImages(first === undefined ? [] : [first, ...others], pick, label);
}

/** The error for a choice that is left open. */
export function severalImages(
  candidates: readonly Candidate<unknown>[],
  pick: ImagePick,
  label: string,
): ImgbuildError {
  const wanted =
    pick.name === null && pick.tag === null ? "" : `${pick.name === null ? "" : " for"} ${wantedText(pick)}`;
  return new ImgbuildError("invalid-archive", `Cannot choose an image of ${label}${wanted}: ${listed(candidates)}`, {
    hint: "Say which with fromImageName and fromImageTag",
  });
}

function isWanted(names: readonly ImageName[], pick: ImagePick): boolean {
  if (pick.name === null && pick.tag === null) return true;
  const wanted = pick.name === null ? undefined : pick.name;
  return names.some(({ name, tag }) => {
    const nameOk = wanted === undefined || (name !== undefined && sameName(name, wanted));
    return nameOk && (pick.tag === null || tag === pick.tag);
  });
}

function wantedText({ name, tag }: ImagePick): string {
  if (name === null) return `with tag "${tag}"`;
  return tag === null ? `"${name}"` : `"${name}:${tag}"`;
}

const SHOWN = 20;

function listed(candidates: readonly Candidate<unknown>[]): string {
  if (candidates.length === 0) return "it has no image";
  const texts = uniqueCandidates(candidates).map(({ names, identity }) =>
    names.length === 0 ? identity : shownNames(names).map(nameText).join(" = "),
  );
  const more = texts.length > SHOWN ? `, and ${texts.length - SHOWN} more` : "";
  return `it has ${texts.slice(0, SHOWN).join(", ")}${more}`;
}

/** A name without repository says less than one with it. */
function shownNames(names: readonly ImageName[]): readonly ImageName[] {
  const full = names.filter(({ name }) => name !== undefined);
  return full.length > 0 ? full : names;
}

function nameText({ name, tag }: ImageName): string {
  return `"${name ?? ""}${tag === undefined ? "" : `:${tag}`}"`;
}

/** The names of a text of an archive; none for no text. */
export function namesFrom(texts: readonly (string | undefined)[]): ImageName[] {
  return texts.filter((text) => text !== undefined && text !== "").map((text) => readImageName(text ?? ""));
}
