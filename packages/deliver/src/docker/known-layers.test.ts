import { type DiffId, digestOf } from "@imgbuild/oci";
import fc from "fast-check";
import { skippable } from "./known-layers.ts";

const id = (name: string): DiffId => digestOf(name) as DiffId;
const [a, b, c] = ["a", "b", "c"].map(id) as [DiffId, DiffId, DiffId];

describe("layers that need not be sent", () => {
  test("are those of the longest common prefix", () => {
    expect([...skippable([[a, b, c]], [[a], [a, b], [b, c]])]).toEqual([a, b]);
  });

  test("are none when only upper layers are the same", () => {
    expect(skippable([[a, b]], [[b], [c, b]]).size).toBe(0);
  });

  test("do not include one that another image needs at another place", () => {
    expect([
      ...skippable(
        [
          [a, b],
          [c, b],
        ],
        [[a, b]],
      ),
    ]).toEqual([a]);
  });

  test("are all when the daemon has more than all", () => {
    expect([...skippable([[a, b]], [[a, b, c]])]).toEqual([a, b]);
  });

  test("never leave an image with a layer that is neither sent nor below a known chain", () => {
    const chain = fc.array(fc.constantFrom(a, b, c), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(chain, { maxLength: 4 }), fc.array(chain, { maxLength: 4 }), (wanted, known) => {
        const skip = skippable(wanted, known);
        for (const layers of wanted) {
          layers.forEach((layer, index) => {
            const chainKnown = known.some((other) => layers.slice(0, index + 1).every((one, at) => one === other[at]));
            expect(!skip.has(layer) || chainKnown).toBe(true);
          });
        }
      }),
    );
  });
});
