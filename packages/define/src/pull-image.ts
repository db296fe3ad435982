import type { PullImageArgs, PullImageOrigin } from "@imgbuild/graph";
import { formatReference, isDigest, parseReference } from "@imgbuild/oci";
import type { PulledValue } from "./base.ts";
import type { Caller } from "./call.ts";
import { readArchitecture, readName, readTag } from "./image-fields.ts";
import { readChoice, readFlag, readOptions } from "./options.ts";
import { describeValue } from "./plain.ts";
import { type Problem, throwProblems } from "./problem.ts";
import { makeValue } from "./source.ts";

/** The attributes of {@link DefinitionApi.pullImage}; names and meanings are those of nixpkgs' dockerTools. */
export interface PullImageOptions {
  /** With the registry, without tag: `registry.example.com/team/app`; `redis` is one of Docker Hub. */
  readonly imageName: string;
  /** Of the manifest, or of an index of several platforms: `sha256:` and 64 hex digits. */
  readonly imageDigest: string;
  /** What it is called where it is loaded or written; default `imageName`. */
  readonly finalImageName?: string;
  /** Default `latest`. */
  readonly finalImageTag?: string;
  /** Default `linux`. */
  readonly os?: string;
  /** Which image of an index: Go's name, such as `arm64`, or `arm/v7`. Default `amd64`. */
  readonly arch?: string;
  /** False takes any certificate of the registry, or http; the digest is checked all the same. Default true. */
  readonly tlsVerify?: boolean;
}

const ATTRIBUTES = [
  "imageName",
  "imageDigest",
  "finalImageName",
  "finalImageTag",
  "os",
  "arch",
  "tlsVerify",
] as const satisfies readonly (keyof PullImageOptions)[];

/** {@link DefinitionApi.pullImage}. */
export function makePullImage(caller: Caller, options: unknown): PulledValue {
  const problems: Problem[] = [];
  const { given, digest } = readGiven(options, problems);
  const imageName = readImageName(given.imageName, problems);
  const final =
    given.finalImageName === undefined ? imageName : nameAt("finalImageName", given.finalImageName, problems);
  const tag = readTag(given.finalImageTag, "finalImageTag", problems) ?? "latest";
  const os = readChoice(given.os, ["linux"], { path: "os", fallback: "linux", problems });
  const platform = readArch(given.arch, problems);
  const tlsVerify = readFlag(given.tlsVerify, { path: "tlsVerify", fallback: true, problems });
  throwProblems(imageName === "" ? "Cannot pull an image" : `Cannot pull the image "${imageName}"`, problems);
  const args: PullImageArgs = { digest, platform: { os, ...platform } };
  const origin: PullImageOrigin = { name: imageName, tlsVerify };
  return makeValue<PulledValue>({
    kind: "pullImage",
    args: args as unknown as PulledValue["args"],
    position: caller.host.position(),
    summary: `image ${imageName}@${digest.slice(0, 19)}`,
    origin: JSON.stringify(origin),
    image: { name: final, tag, compressor: "gz" },
  });
}

function readGiven(options: unknown, problems: Problem[]) {
  const known = [...ATTRIBUTES, "sha256", "hash"];
  const given = readOptions(options, known, problems);
  for (const path of ["sha256", "hash"] as const) {
    if (given[path] === undefined) continue;
    const text = "is the hash of an archive, which is not made here";
    problems.push({ path, text, hint: "Leave it out: imageDigest decides everything that is pulled" });
  }
  const { imageDigest } = given;
  if (isDigest(imageDigest)) return { given, digest: imageDigest };
  problems.push({
    path: "imageDigest",
    text: `is ${describeValue(imageDigest)}, wanted "sha256:" and 64 hex digits`,
    hint: "`docker buildx imagetools inspect NAME:TAG` and `skopeo inspect docker://NAME:TAG` say it",
    missing: imageDigest === undefined,
  });
  return { given, digest: "" };
}

function readImageName(value: unknown, problems: Problem[]): string {
  const name = nameAt("imageName", value, problems);
  if (name === "" || problems.some(({ path }) => path === "imageName")) return name;
  try {
    const reference = parseReference(name);
    if (formatReference(reference) === name) return name;
  } catch {
    // said below
  }
  problems.push({ path: "imageName", text: `is ${describeValue(value)}, wanted a repository in lower case` });
  return name;
}

/** A name, with problems under the path of its own attribute. */
function nameAt(path: string, value: unknown, problems: Problem[]): string {
  const inner: Problem[] = [];
  const name = readName(value, inner);
  problems.push(
    ...inner.map((problem) => ({
      ...problem,
      path,
      hint:
        problem.hint?.startsWith("Give the tag") === true ? "Leave the tag out: the digest says which" : problem.hint,
      missing: value === undefined,
    })),
  );
  return name;
}

function readArch(value: unknown, problems: Problem[]): Omit<PullImageArgs["platform"], "os"> {
  const inner: Problem[] = [];
  const found = readArchitecture(value, inner);
  problems.push(...inner.map((problem) => ({ ...problem, path: "arch" })));
  return { architecture: found?.architecture ?? "amd64", variant: found?.variant ?? null };
}
