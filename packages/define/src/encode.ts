import type { JsonValue, TargetImage } from "@imgbuild/graph";
import { type RawPosition, recordOf, type Value } from "./source.ts";

/** A value on its way out of the evaluation. `inputs` are indexes of earlier nodes. */
export interface EncodedNode {
  readonly kind: string;
  readonly args: JsonValue;
  readonly inputs: readonly number[];
  readonly position: RawPosition;
  readonly image: TargetImage | null;
  readonly origin?: string;
}

/** Turns values into a list of nodes, inputs first; a value met twice is one node. */
export class ValueEncoder {
  readonly nodes: EncodedNode[] = [];
  readonly #indexes = new Map<Value, number>();

  /** The index of a value's node; undefined when the API did not make it. */
  add(value: unknown): number | undefined {
    const root = recordOf(value)?.value;
    if (root === undefined) return undefined;
    const stack = [root];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const waiting = top.inputs.filter((input) => !this.#indexes.has(input));
      if (waiting.length > 0) stack.push(...waiting.reverse());
      else {
        stack.pop();
        if (!this.#indexes.has(top)) this.#write(top);
      }
    }
    return this.#indexes.get(root);
  }

  #write(value: Value): void {
    const record = recordOf(value);
    const inputs = value.inputs.map((input) => this.#indexes.get(input) ?? -1);
    this.#indexes.set(value, this.nodes.length);
    const { kind, args } = value;
    const { position = null, image = null, origin } = record ?? {};
    this.nodes.push({ kind, args, inputs, position, image, ...(origin === undefined ? {} : { origin }) });
  }
}
