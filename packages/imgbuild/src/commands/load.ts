import { dockerSink } from "@imgbuild/deliver";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import type { BuiltTarget } from "../session/build-targets.ts";
import { deliverImages } from "../session/deliver-images.ts";
import { dockerEndpoint } from "../session/docker-endpoint.ts";
import { printResults } from "../session/print-results.ts";
import { refuseExports } from "../session/refuse-exports.ts";
import { runBuildCommand } from "../session/run-command.ts";
import type { Session } from "../session/session.ts";

/** `imgbuild load`: builds, and gives Docker the layers that it lacks. */
export function runLoad(flags: Flags, host: Host): Promise<number> {
  return runBuildCommand(flags, host, {
    name: "load",
    after: async (session, targets) => {
      await loadImages(session, targets);
      printResults(session, targets);
      return 0;
    },
  });
}

const SPACE = "loaded 1";
/** Images remembered in all. */
const REMEMBERED = 256;
/** Images that the daemon is asked about, for each that is loaded. */
const ASKED = 4;

/** An image that was loaded once. */
interface Loaded {
  readonly id: string;
  readonly layers: readonly string[];
}

/** Loads built images into the daemon. */
export async function loadImages(session: Session, targets: readonly BuiltTarget[]): Promise<void> {
  const { address, tls } = dockerEndpoint(session.host);
  const before = loadedBefore(session);
  refuseExports(targets, "load");
  const images = targets.flatMap(({ deliverables }) =>
    deliverables.map(({ data }): Loaded => ({ id: data.config, layers: data.layers.map((layer) => layer.diffId) })),
  );
  const hints = new Set(images.flatMap((image) => nearest(image, before)));
  const sink = dockerSink({ store: session.store, host: address, tls, hints: [...hints] });
  await deliverImages(session, targets, { sink, kind: "docker", destination: address });
  const ids = new Set(images.map((image) => image.id));
  const after = [...images, ...before.filter((image) => !ids.has(image.id))].slice(0, REMEMBERED);
  if (images.some((image) => !before.some((each) => each.id === image.id))) {
    session.store.facts.set(SPACE, "all", JSON.stringify(after));
  }
}

/** IDs of the images with the longest run of lowest layers in common: only a hint, the daemon is asked about each. */
function nearest(image: Loaded, before: readonly Loaded[]): string[] {
  const common = ({ layers }: Loaded): number => {
    const differs = layers.findIndex((layer, i) => layer !== image.layers[i]);
    return differs < 0 ? layers.length : differs;
  };
  const ranked = before.map((each) => ({ id: each.id, common: common(each) })).filter((each) => each.common > 0);
  return ranked
    .sort((a, b) => b.common - a.common)
    .slice(0, ASKED)
    .map((each) => each.id);
}

function loadedBefore({ store }: Session): readonly Loaded[] {
  try {
    return JSON.parse(store.facts.get(SPACE, "all") ?? "[]") as readonly Loaded[];
  } catch {
    return [];
  }
}
