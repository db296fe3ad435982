import type { Deliverable, Delivered, Sink } from "@imgbuild/deliver";
import { ImgbuildError } from "@imgbuild/errors";
import type { BuiltTarget } from "./build-targets.ts";
import type { Session } from "./session.ts";

/** Hands images to a sink, with events that call it `kind`. Throws `usage` when a target is no image, and what the sink throws. */
export async function deliverImages(
  session: Session,
  targets: readonly BuiltTarget[],
  to: { readonly sink: Sink; readonly kind: string; readonly destination: string },
): Promise<Delivered> {
  const { host, emit } = session;
  const { sink, kind, destination } = to;
  const images = targets.flatMap(deliverablesOf);
  const label = someLabels(targets.map((target) => target.target.label));
  const begin = host.clock();
  emit({ type: "deliver.start", label, sink: kind });
  const delivered = await sink.deliver(images, {
    signal: host.signal,
    progress: (bytes) => emit({ type: "deliver.progress", label, sink: kind, bytes }),
  });
  session.written.bytes += delivered.bytes;
  const { bytes, layersSent, layersSkipped } = delivered;
  const ms = host.clock() - begin;
  emit({ type: "deliver.done", label, sink: kind, destination, bytes, layersSent, layersSkipped, ms });
  return delivered;
}

const SHOWN = 3;

/** Each target has an event of its own: this line must stay one that can be read. */
function someLabels(labels: readonly string[]): string {
  if (labels.length <= SHOWN) return labels.join(" ");
  return `${labels.slice(0, SHOWN - 1).join(" ")} and ${labels.length - SHOWN + 1} more`;
}

function deliverablesOf({ target, deliverables }: BuiltTarget): readonly Deliverable[] {
  if (deliverables.length > 0) return deliverables;
  throw new ImgbuildError("usage", `Cannot deliver "${target.label}": it is no image`, {
    position: target.position,
    hint: "Leave it out, or put it into an image with buildImage",
  });
}
