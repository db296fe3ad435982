import type { Deliverable } from "@imgbuild/deliver";
import { type ImageData, readImageConfig } from "@imgbuild/image";
import { formatPlatform } from "@imgbuild/oci";
import { formatBytes } from "@imgbuild/report";
import type { Store } from "@imgbuild/store";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import type { BuiltTarget } from "../session/build-targets.ts";
import { runBuildCommand } from "../session/run-command.ts";

/**
 * `imgbuild inspect`: what images are made of; with `--json` one `image` object a line, among the events. Of merged images and
 * of an index each image is shown.
 */
export function runInspect(flags: Flags, host: Host): Promise<number> {
  return runBuildCommand(flags, host, {
    name: "inspect",
    after: async ({ store }, targets) => {
      for (const target of targets) {
        if (flags.json) host.stdout.write(`${JSON.stringify(describeJson(store, target))}\n`);
        else host.stdout.write(`${describeText(store, target).join("\n")}\n`);
      }
      return 0;
    },
  });
}

function describeJson(
  store: Store,
  { target, reference, digest, inputHash, image, deliverables }: BuiltTarget,
): object {
  const own = image === undefined ? {} : imageJson(store, image);
  const annotations = image === undefined ? deliverables[0]?.annotations : image.annotations;
  const images = image === undefined ? deliverables.flatMap((each) => imagesOf(each)) : [];
  const more = images.map(({ reference: name, data }) => ({ reference: name, ...imageJson(store, data) }));
  return {
    ...{ v: 1, type: "image", label: target.label, reference, digest, inputHash },
    ...own,
    ...(annotations === undefined ? {} : { annotations }),
    ...(more.length === 0 ? {} : { images: more }),
  };
}

function imageJson(store: Store, image: ImageData): object {
  const layers = image.layers.map(({ diffId, size }) => ({ diffId, size }));
  const annotations = image.annotations === undefined ? {} : { annotations: image.annotations };
  return {
    id: image.config,
    platform: formatPlatform(image.platform),
    layers,
    config: readImageConfig(store, image),
    ...annotations,
  };
}

/** The single images of what is delivered, each with the name that it has there. */
function imagesOf({
  data,
  references,
  platforms,
}: Deliverable): { readonly reference: string; readonly data: ImageData }[] {
  return (platforms ?? [data]).map((each) => ({ reference: references.join(","), data: each }));
}

function describeText(
  store: Store,
  { target, reference, digest, inputHash, image, deliverables }: BuiltTarget,
): string[] {
  const named = line("reference", reference);
  const hash = line("input hash", inputHash);
  if (image !== undefined) {
    return [target.label, named, line("image ID", digest), hash, ...imageText(store, image)];
  }
  const [first] = deliverables;
  const head = [target.label, ...(reference === "" ? [] : [named]), line("digest", digest), hash];
  return [
    ...head,
    ...annotationText(first?.annotations),
    ...deliverables
      .flatMap(imagesOf)
      .flatMap((each) => [
        line("image", each.reference === "" ? each.data.config : `${each.reference} ${each.data.config}`),
        ...imageText(store, each.data).map((text) => `  ${text}`),
      ]),
  ];
}

function imageText(store: Store, image: ImageData): string[] {
  const config = readImageConfig(store, image);
  const history = (config.history ?? []).filter((entry) => entry.empty_layer !== true);
  const total = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  return [
    line("platform", formatPlatform(image.platform)),
    line("created", config.created ?? "not said"),
    ...Object.entries(config.config ?? {}).map(([key, value]) => line(key, JSON.stringify(value))),
    ...annotationText(image.annotations),
    line("layers", `${image.layers.length}, ${formatBytes(total)} uncompressed`),
    ...image.layers.map(({ diffId, size }, i) => {
      const words = history[i]?.comment ?? history[i]?.created_by ?? "";
      return `    ${diffId}  ${formatBytes(size).padStart(9)}  ${words}`.trimEnd();
    }),
  ];
}

function annotationText(annotations: Readonly<Record<string, string>> | undefined): string[] {
  return annotations === undefined ? [] : [line("annotations", JSON.stringify(annotations))];
}

function line(name: string, value: string): string {
  return `  ${name.padEnd(12)}${value}`;
}
