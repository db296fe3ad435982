import fc from "fast-check";
import { readyQueue } from "./ready-queue.ts";

test("gives items in order, whenever they were put in", () =>
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer(), { nil: null })), (operations) => {
      const queue = readyQueue<number>((a, b) => a - b);
      const model: number[] = [];
      for (const item of operations) {
        if (item === null) {
          expect(queue.pop()).toBe(model.sort((a, b) => a - b).shift());
        } else {
          queue.push(item);
          model.push(item);
        }
      }
    }),
  ));
