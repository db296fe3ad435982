import type { ImageData } from "@imgbuild/image";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { tinyImage } from "./tiny-image.ts";

/** What the suite needs of a sink: the seam of `deliver`, of which the testkit knows only the shape. */
interface SinkShape {
  deliver(
    images: readonly { readonly data: ImageData; readonly references: readonly string[] }[],
    options: { readonly signal: AbortSignal; readonly progress?: (bytes: number) => void },
  ): Promise<{
    readonly bytes: number;
    readonly layersSent: number;
    readonly layersSkipped: number;
    readonly complete: boolean;
  }>;
}

/** One sink on a place of its own. */
export interface SinkRig {
  readonly store: Store;
  readonly sink: SinkShape;
  /** The image ID that the place has under a name; undefined when there is none. */
  find(reference: string): Promise<Digest | undefined>;
  close(): Promise<void>;
}

/** What every sink must do, whatever its place. */
export function describeSink(title: string, make: () => Promise<SinkRig>): void {
  describe(title, () => {
    const signal = new AbortController().signal;
    let rig: SinkRig;
    beforeEach(async () => {
      rig = await make();
    });
    afterEach(() => rig.close());

    test("delivers every image under all its names", async () => {
      const { store, sink } = rig;
      const base = await tinyImage(store, { layers: [{ "etc/base": "1" }] });
      const child = await tinyImage(store, { layers: [{ "etc/child": "2" }], base, config: { Cmd: ["/x"] } });
      const result = await sink.deliver(
        [
          { data: base, references: ["sink-base:1"] },
          { data: child, references: ["sink-child:1", "registry.example:5000/team/child:2"] },
        ],
        { signal },
      );
      expect(result).toMatchObject({ complete: true, layersSent: 2, layersSkipped: 0 });
      expect(await rig.find("sink-base:1")).toBe(base.config);
      expect(await rig.find("sink-child:1")).toBe(child.config);
      expect(await rig.find("registry.example:5000/team/child:2")).toBe(child.config);
    });

    test("delivers the same again without harm, and something else after it", async () => {
      const { store, sink } = rig;
      const first = await tinyImage(store, { layers: [{ a: "1" }] });
      const second = await tinyImage(store, { layers: [{ b: "2" }], base: first });
      for (const data of [first, first, second, first]) {
        await sink.deliver([{ data, references: ["sink-again:1"] }], { signal });
        expect(await rig.find("sink-again:1")).toBe(data.config);
      }
    });

    test("accounts for all layers, and tells the bytes as they go", async () => {
      const { store, sink } = rig;
      const layers = ["x", "y", "z"].map((name) => ({ [name]: name.repeat(5000) }));
      const data = await tinyImage(store, { layers: [...layers, { x: "x".repeat(5000) }] });
      const told: number[] = [0];
      const progress = (bytes: number): void => {
        told.push(bytes);
      };
      const result = await sink.deliver([{ data, references: ["sink-count:1"] }], { signal, progress });
      expect(result.layersSent + result.layersSkipped).toBe(3);
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(told.at(-1)).toBeGreaterThan(0);
    });

    test("does nothing once cancelled, and says why", async () => {
      const { store, sink } = rig;
      const data = await tinyImage(store, { layers: [{ cancelled: "1" }] });
      const cancelled = AbortSignal.abort(new Error("the user said stop"));
      const delivery = sink.deliver([{ data, references: ["sink-cancelled:1"] }], { signal: cancelled });
      await expect(delivery).rejects.toThrow("the user said stop");
      expect(await rig.find("sink-cancelled:1")).toBeUndefined();
    });
  });
}
