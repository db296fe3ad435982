import { Limit } from "./limit.ts";

const never = new AbortController().signal;

test("places are given in the order they were asked for, and no more than there are", async () => {
  const limit = new Limit(2);
  const entered: number[] = [];
  const enter = async (i: number) => {
    const leave = await limit.enter(never);
    entered.push(i);
    return leave;
  };
  const [first, second] = [await enter(0), await enter(1)];
  const waiting = [enter(2), enter(3)];
  expect(entered).toEqual([0, 1]);
  second();
  second();
  const third = await waiting[0];
  expect(entered).toEqual([0, 1, 2]);
  first();
  await waiting[1];
  third?.();
  expect(entered).toEqual([0, 1, 2, 3]);
});

test("who gives up waiting leaves its turn to the next", async () => {
  const limit = new Limit(1);
  const leave = await limit.enter(never);
  const controller = new AbortController();
  const gone = limit.enter(controller.signal);
  const next = limit.enter(never);
  controller.abort(new Error("enough"));
  await expect(gone).rejects.toThrow("enough");
  leave();
  (await next)();
  (await limit.enter(never))();
});

test("who had given up before gets no place", async () => {
  const limit = new Limit(1);
  await expect(limit.enter(AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  (await limit.enter(never))();
});
