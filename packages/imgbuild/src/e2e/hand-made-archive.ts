import { createHash } from "node:crypto";
import { type TestMember, tarOf } from "@imgbuild/testkit";

/** The members of a layer, in order. */
export type HandMadeLayer = readonly (readonly [string, TestMember])[];

/** A docker-archive of one image with these layers, bottom first, as no tool would write it. */
export function handMadeArchive(name: string, layers: readonly HandMadeLayer[], config: object = {}): Buffer {
  const tars = layers.map((members) => tarOf(members));
  const document = Buffer.from(
    JSON.stringify({
      ...{ architecture: "amd64", os: "linux", config },
      rootfs: { type: "layers", diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
    }),
  );
  const path = `${sha256(document)}.json`;
  const places = tars.map((tar) => `${sha256(tar)}/layer.tar`);
  const manifest = JSON.stringify([{ Config: path, RepoTags: [name], Layers: places }]);
  const unique = new Map(places.map((place, i) => [place, tars[i] ?? ""]));
  return tarOf([["manifest.json", manifest], [path, document], ...unique]);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
