import { readImageConfig } from "@imgbuild/image";
import { formatBytes } from "@imgbuild/report";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import type { BuiltTarget } from "../session/build-targets.ts";
import { runBuildCommand } from "../session/run-command.ts";
import type { Session } from "../session/session.ts";

/** `imgbuild inspect`: what images are made of; with `--json` one `image` object a line, among the events. */
export function runInspect(flags: Flags, host: Host): Promise<number> {
  return runBuildCommand(flags, host, {
    name: "inspect",
    after: async (session, targets) => {
      for (const target of targets) {
        if (flags.json) host.stdout.write(`${JSON.stringify(describeJson(session, target))}\n`);
        else host.stdout.write(describeText(session, target));
      }
      return 0;
    },
  });
}

function describeJson({ store }: Session, { target, reference, digest, inputHash, image }: BuiltTarget): object {
  const layers = image?.layers.map(({ diffId, size }) => ({ diffId, size }));
  const config = image === undefined ? undefined : readImageConfig(store, image);
  return { v: 1, type: "image", label: target.label, reference, digest, inputHash, layers, config };
}

function describeText({ store }: Session, { target, reference, digest, inputHash, image }: BuiltTarget): string {
  const lines = [target.label];
  if (image === undefined) return `${target.label}\n  digest      ${digest}\n`;
  const config = readImageConfig(store, image);
  lines.push(`  reference   ${reference}`, `  image ID    ${digest}`, `  input hash  ${inputHash}`);
  lines.push(`  platform    ${config.os}/${config.architecture}`, `  created     ${config.created ?? "not said"}`);
  for (const [key, value] of Object.entries(config.config ?? {}))
    lines.push(`  ${key.padEnd(12)}${JSON.stringify(value)}`);
  const history = (config.history ?? []).filter((entry) => entry.empty_layer !== true);
  const total = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  lines.push(`  layers      ${image.layers.length}, ${formatBytes(total)} uncompressed`);
  image.layers.forEach(({ diffId, size }, i) => {
    lines.push(
      `    ${diffId}  ${formatBytes(size).padStart(9)}  ${history[i]?.comment ?? history[i]?.created_by ?? ""}`.trimEnd(),
    );
  });
  return `${lines.join("\n")}\n`;
}
