import { testStore } from "@imgbuild/testkit";
import { type Remembered, TargetMemory } from "./target-memory.ts";

const place = testStore();
afterAll(() => place.remove());

function remembered(inputHash: string, digest: string, durations: Remembered["durations"] = {}): Remembered {
  return { record: { inputHash, recipe: "r", leaves: [], args: null }, digest, durations };
}

test("what one run remembers the next one knows", async () => {
  const store = await place.open();
  new TargetMemory(store).set("//a", remembered("h", "d", { one: 5 }));
  const memory = new TargetMemory(store);
  expect(memory.get("//a")).toEqual(remembered("h", "d", { one: 5 }));
  expect(memory.get("//b")).toBeUndefined();
  expect(memory.durations(["//b", "//a"])).toEqual(new Map([["one", 5]]));
});

test("the same inputs and digest are not written again; another digest is", async () => {
  const store = await place.open();
  const memory = new TargetMemory(store);
  memory.set("//c", remembered("h", "d", { one: 5 }));
  memory.set("//c", remembered("h", "d", { one: 9 }));
  expect(new TargetMemory(store).get("//c")?.durations).toEqual({ one: 5 });
  memory.set("//c", remembered("h", "other"));
  expect(new TargetMemory(store).get("//c")?.digest).toBe("other");
});

test("what cannot be read was never remembered", async () => {
  const store = await place.open();
  new TargetMemory(store).set("//d", remembered("h", "d"));
  store.facts.set("targets 1", "//d", "{ torn");
  expect(new TargetMemory(store).get("//d")).toBeUndefined();
});
