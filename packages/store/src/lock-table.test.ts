import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChildScript, childScript, testStore } from "@imgbuild/testkit";
import type { Store } from "./index.ts";

const workspace = join(__dirname, "../../..");
const rig = testStore();
let holder: ChildScript;
beforeAll(() => {
  // Takes a lock, says so, and keeps it until it is killed or for as long as it was told.
  holder = childScript(
    `import { openStore } from "@imgbuild/store";
     const [directory, key, ms] = process.argv.slice(2);
     const main = async () => {
       const store = await openStore({ directory, now: Date.now, pid: process.pid, hostname: "elsewhere-name" });
       await store.locks.withLock(key, { signal: new AbortController().signal, onWait: () => console.log("waiting") }, async () => {
         console.log("held");
         await new Promise((done) => setTimeout(done, Number(ms)));
       });
       store.close();
     };
     void main();`,
    workspace,
  );
});
afterAll(() => {
  holder.remove();
  rig.remove();
});
const hostname = "elsewhere-name";
const patient = { signal: new AbortController().signal, onWait: () => undefined };

test("one process at a time holds a lock; who waits is told who has it and since when", async () => {
  const store = await rig.open({ hostname });
  const child = holder.start([rig.directory, "shared", "300"]);
  await child.printed("held");
  const told: string[] = [];
  const order: string[] = [];
  const ended = child.ended().then(() => order.push("child ended"));
  await store.locks.withLock("shared", { ...patient, onWait: (who) => told.push(who) }, async () =>
    order.push("taken"),
  );
  expect(told).toEqual([expect.stringMatching(new RegExp(`^pid ${child.pid} on elsewhere-name, since 20\\d\\d-.*Z$`))]);
  await ended;
});

test("the lock of a process that was killed is taken over at once", async () => {
  const store = await rig.open({ hostname });
  const child = holder.start([rig.directory, "orphan", "60000"]);
  await child.printed("held");
  child.kill();
  await expect(store.locks.withLock("orphan", patient, async () => "taken")).resolves.toBe("taken");
});

test("the lock of a process whose number was given to another is taken over", async () => {
  const store = await rig.open({ hostname, processAlive: (_, start) => start === "" });
  const child = holder.start([rig.directory, "reused", "60000"]);
  await child.printed("held");
  await expect(store.locks.withLock("reused", patient, async () => "taken")).resolves.toBe("taken");
  child.kill();
});

test("a lock held on another machine is respected until that has been silent for a minute", async () => {
  let now = Date.now();
  const here = await rig.open({ hostname: "here", now: () => now });
  const there = await rig.open({ hostname: "there", now: () => now, processAlive: () => false });
  const stop = new AbortController();
  const held = there.locks.withLock("far", patient, () =>
    sleep(60_000, undefined, { signal: stop.signal }).catch(() => 1),
  );
  const waiting = here.locks.withLock("far", { ...patient, onWait: () => undefined }, async () => "taken");
  await expect(Promise.race([waiting, sleep(150, "still waiting")])).resolves.toBe("still waiting");
  now += 61_000;
  await expect(waiting).resolves.toBe("taken");
  stop.abort();
  await held;
  // What the late one gave back was no longer its own.
  await expect(here.locks.withLock("far", patient, async () => "again")).resolves.toBe("again");
});

test("a holder that was taken over does not give back the lock of the next", async () => {
  let now = Date.now();
  const [slow, quick] = [
    await rig.open({ hostname: "a", now: () => now }),
    await rig.open({ hostname: "b", now: () => now }),
  ];
  const slowDone = new AbortController();
  const quickDone = new AbortController();
  const until = (signal: AbortSignal) => sleep(60_000, undefined, { signal }).catch(() => undefined);
  const first = slow.locks.withLock("stolen", patient, () => until(slowDone.signal));
  await sleep(20);
  now += 61_000;
  const second = quick.locks.withLock("stolen", patient, () => until(quickDone.signal));
  await sleep(50);
  slowDone.abort();
  await first;
  const third = slow.locks.withLock("stolen", patient, async () => "third");
  await expect(Promise.race([third, sleep(150, "waits")])).resolves.toBe("waits");
  quickDone.abort();
  await second;
  await expect(third).resolves.toBe("third");
});

describe("within one process", () => {
  let store: Store;
  beforeAll(async () => {
    store = await rig.open({ hostname });
  });

  test("tasks pass one at a time in the order they came, other keys do not wait", async () => {
    const log: string[] = [];
    const task = (name: string, key: string) =>
      store.locks.withLock(key, patient, async () => {
        log.push(`${name} in`);
        await sleep(20);
        log.push(`${name} out`);
      });
    const other = store.locks.withLock("other", patient, async () => log.push("other"));
    await Promise.all([task("a", "one"), task("b", "one"), task("c", "one"), other]);
    expect(log.filter((line) => line !== "other")).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
    expect(log.indexOf("other")).toBeLessThan(log.indexOf("a out"));
  });

  test("two openings of one store exclude each other", async () => {
    const second = await rig.open({ hostname });
    let inside = 0;
    const body = async () => {
      inside++;
      expect(inside).toBe(1);
      await sleep(15);
      inside--;
    };
    await Promise.all([store, second, store, second].map((each) => each.locks.withLock("both", patient, body)));
    second.close();
  });

  test("a body that fails gives the lock back, and its error is passed on", async () => {
    const failing = store.locks.withLock("failing", patient, () => Promise.reject(new Error("on purpose")));
    await expect(failing).rejects.toThrow("on purpose");
    await expect(store.locks.withLock("failing", patient, async () => 2)).resolves.toBe(2);
  });

  test.each(["same store", "another process"])(
    "who is cancelled while waiting for %s leaves the others in line",
    async (who) => {
      const other = who === "same store" ? store : await rig.open({ hostname });
      const stop = new AbortController();
      const done = new AbortController();
      const held = other.locks.withLock(who, patient, () =>
        sleep(60_000, undefined, { signal: done.signal }).catch(() => undefined),
      );
      await sleep(10);
      const impatient = store.locks.withLock(who, { ...patient, signal: stop.signal }, async () => "never");
      const behind = store.locks.withLock(who, patient, async () => "behind");
      stop.abort();
      await expect(impatient).rejects.toMatchObject({ code: "cancelled" });
      await expect(Promise.race([behind, sleep(50, "waits")])).resolves.toBe("waits");
      done.abort();
      await expect(behind).resolves.toBe("behind");
      await held;
    },
  );

  test("who is cancelled before it begins does nothing", async () => {
    const body = jest.fn(async () => undefined);
    const signal = AbortSignal.abort();
    await expect(store.locks.withLock("early", { ...patient, signal }, body)).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(body).not.toHaveBeenCalled();
  });

  test("closing the store gives back what it holds, and the task that had it ends well", async () => {
    const first = await rig.open({ hostname });
    const held = first.locks.withLock("closing", patient, () => sleep(30, "ended"));
    await sleep(5);
    first.close();
    await expect(store.locks.withLock("closing", patient, async () => "free")).resolves.toBe("free");
    await expect(held).resolves.toBe("ended");
  });
});
