import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "@imgbuild/oci";
import { type ChildScript, childScript, testStore } from "@imgbuild/testkit";

const workspace = join(__dirname, "../../..");
let worker: ChildScript;
beforeAll(() => {
  worker = childScript(
    `import { openStore } from "@imgbuild/store";
     import { digestOf } from "@imgbuild/oci";
     const [directory, name, rounds] = process.argv.slice(2);
     const main = async () => {
       const store = await openStore({ directory, now: Date.now, pid: process.pid });
       const options = { signal: new AbortController().signal, onWait: () => undefined };
       for (let n = 0; n < Number(rounds); n++) {
         const key = "key " + (n % 25);
         await store.locks.withLock(key, options, async () => {
           const known = store.traces.find(key);
           const bytes = Buffer.alloc(20000 + n, key);
           if (known !== undefined && store.blobs.size(known.blobs[0] as never) === undefined) throw "A trace without its blob";
           const digest = n % 2 === 0 ? store.blobs.put(bytes) : (() => {
             const writer = store.blobs.writer();
             writer.write(bytes);
             return writer.commit().digest;
           })();
           store.traces.record(key, { output: JSON.stringify({ digest }), durationMs: 1, blobs: [digest] }, { replace: true });
         });
         const own = store.blobs.put(Buffer.from(name + n));
         if (store.blobs.read(own).toString() !== name + n) throw "Wrong bytes";
         console.log("round " + n);
       }
       store.close();
       console.log("all done");
     };
     main().catch((error) => { console.error(error); process.exit(1); });`,
    workspace,
  );
});
afterAll(() => worker.remove());

test("eight processes fill one store while some are killed; then all is whole and works", async () => {
  const rig = testStore();
  const children = Array.from({ length: 8 }, (_, n) => worker.start([rig.directory, `worker ${n} `, "50"]));
  const killed = children.slice(0, 3);
  await Promise.all(
    killed.map(async (child, n) => {
      await child.printed(`round ${n * 7}\n`);
      await sleep(n * 3);
      child.kill();
    }),
  );
  for (const child of children) {
    const { code, stdout, stderr } = await child.ended();
    if (!killed.includes(child))
      expect({ code, stderr, done: stdout.includes("all done") }).toEqual({ code: 0, stderr: "", done: true });
  }
  const store = await rig.open();
  const report = store.verify({ repair: false });
  expect(report).toMatchObject({ corrupt: [], indexRebuilt: false });
  expect(report.checked).toBeGreaterThan(5 * 50);
  for (let n = 0; n < 25; n++) {
    const trace = store.traces.find(`key ${n}`);
    expect(store.blobs.size(JSON.parse(trace?.output ?? "{}").digest)).toBeGreaterThan(0);
  }
  for (let n = 0; n < 50; n++) expect(store.blobs.size(digestOf(`worker 7 ${n}`))).toBeDefined();
  rig.remove();
});

test("many processes that find the index damaged at once heal it together", async () => {
  const rig = testStore();
  (await rig.open()).close();
  writeFileSync(join(rig.directory, "v1/index.db"), "no database ".repeat(1000));
  const children = Array.from({ length: 6 }, (_, n) => worker.start([rig.directory, `healer ${n} `, "5"]));
  for (const child of children) expect(await child.ended()).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(join(rig.directory, "v1/quarantine"))).toHaveLength(1);
  const store = await rig.open();
  expect(store.verify({ repair: false }).corrupt).toEqual([]);
  expect(store.traces.find("key 0")).toBeDefined();
  rig.remove();
});

test("many processes may make one store at the same time", async () => {
  const rig = testStore();
  const children = Array.from({ length: 6 }, (_, n) => worker.start([rig.directory, `maker ${n} `, "2"]));
  for (const child of children) expect(await child.ended()).toMatchObject({ code: 0, stderr: "" });
  expect((await rig.open()).verify({ repair: false })).toMatchObject({ corrupt: [], indexRebuilt: false });
  rig.remove();
});
