import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeWithTools } from "@imgbuild/testkit";
import { EXAMPLE_TOOLS, type ExampleRig, exampleRig, ROOT } from "./example-rig.ts";

/** What the definitions of the services read, at its place in a copy of the repository. */
const FILES = ["package.json", "package-lock.json", "imgbuild.lock", "images"];

describeWithTools(EXAMPLE_TOOLS, "the services of this repository", () => {
  let rig: ExampleRig;
  const copies: string[] = [];

  beforeAll(async () => {
    rig = await exampleRig();
    // Packages are fetched, unpacked and compiled once for all tests.
    await rig.load("//images/api");
  }, 300_000);
  afterAll(async () => {
    for (const copy of copies) rmSync(copy, { recursive: true, force: true });
    await rig?.stop();
  });

  function copyOfRepository(): string {
    const copy = mkdtempSync(join(tmpdir(), "imgbuild copy "));
    copies.push(copy);
    for (const file of FILES) cpSync(join(ROOT, file), join(copy, file), { recursive: true });
    return copy;
  }

  test("api answers, with its native module, as an ordinary user, and stops when it is told to", async () => {
    const { reference } = await rig.load("//images/api");
    const api = rig.start(reference);
    expect(await api.ask({ path: "/healthz" })).toEqual({ status: 200, body: '{"status":"ok"}' });
    const password = "correct horse";
    const { body } = await api.ask({ path: "/passwords", method: "POST", body: { password } });
    const { hash } = JSON.parse(body) as { hash: string };
    expect(hash).toMatch(/^\$argon2id\$/);
    const check = await api.ask({ path: "/passwords/check", method: "POST", body: { password, hash } });
    expect(check.body).toBe('{"matches":true}');
    expect((await api.ask({ path: "/jobs", method: "POST", body: {} })).status).toBe(400);
    const health = rig.docker.docker(["exec", api.id, "/usr/bin/node", "dist/health.js"]);
    expect(health.status).toBe(0);
    const user = rig.docker.docker(["exec", api.id, "/usr/bin/node", "-p", "process.getuid()"]);
    expect(user.stdout).toBe("65532\n");
    expect(api.stop().exitCode).toBe(0);
    expect(api.logs()).toContain('"msg":"stopped"');
  });

  test("a second build does nothing; worker shares layers with api", async () => {
    const again = await rig.imgbuild(["load", "//images/api", "--json"]);
    expect(again.events.at(-1)).toMatchObject({ type: "run.end", built: 0, bytesWritten: 0 });
    const { sent, skipped } = await rig.load("//images/worker");
    expect(skipped).toBeGreaterThan(sent);
  });

  test("worker does what api is asked for, through redis", async () => {
    const redis = rig.start((await rig.load("//images/redis")).reference);
    const env = { REDIS_URL: "redis://127.0.0.1:6379" };
    const api = rig.start((await rig.load("//images/api")).reference, { network: redis, env });
    const worker = rig.start((await rig.load("//images/worker")).reference, { network: redis, env });
    const text = "Wörter zählen: 単語を数える";
    const { status, body } = await api.ask({ path: "/jobs", method: "POST", body: { text } });
    expect(status).toBe(202);
    const { id } = JSON.parse(body) as { id: string };
    let answer = await api.ask({ path: `/jobs/${id}` });
    for (let i = 0; i < 100 && answer.body.includes("waiting"); i++) {
      await sleep(100);
      answer = await api.ask({ path: `/jobs/${id}` });
    }
    expect(JSON.parse(answer.body)).toEqual({ state: "done", words: expect.any(Number) });
    expect((await api.ask({ path: "/jobs/none" })).status).toBe(404);
    expect(worker.stop().exitCode).toBe(0);
    expect(worker.logs()).toMatch(/^ready\n.*words\nstopped\n$/s);
  }, 120_000);

  test.each(["api", "worker"])("%s stops when it is told to, also while redis is away", async (name) => {
    const { reference } = await rig.load(`//images/${name}`);
    const service = rig.start(reference, { env: { REDIS_URL: "redis://127.0.0.1:9" } });
    const started = `${rig.docker.docker(["exec", service.id, "/usr/bin/node", "-p", "1"]).stdout}`;
    expect(started).toBe("1\n");
    await sleep(500);
    expect(service.stop()).toMatchObject({ exitCode: 0 });
  });

  test("a copy in another place gives the same image; an edit rebuilds the layer on top alone", async () => {
    const copy = copyOfRepository();
    const build = async (...args: readonly string[]) => {
      const { code, events } = await rig.imgbuild(["load", "//images/api", "--json", ...args], copy);
      expect(code).toBe(0);
      return events;
    };
    const { imageId } = await rig.load("//images/api");
    const same = await build();
    expect(same.find(({ type }) => type === "target.done")).toMatchObject({ digest: imageId, result: "hit" });

    const file = join(copy, "images/api/src/app.ts");
    writeFileSync(file, readFileSync(file, "utf8").replace('status: "ok"', 'status: "fine"'));
    const events = await build();
    expect(events.find(({ type }) => type === "target.why")).toMatchObject({ paths: ["images/api/src/app.ts"] });
    const built = events.filter(({ type, result }) => type === "step.end" && result === "built");
    expect(built.map(({ kind }) => kind).sort()).toEqual(["image", "layer", "runCommand"]);
    expect(events.find(({ type }) => type === "deliver.done")).toMatchObject({ layersSent: 1 });
    const done = events.find(({ type }) => type === "target.done");
    expect((await rig.start(String(done?.reference)).ask({ path: "/healthz" })).body).toBe('{"status":"fine"}');
  }, 120_000);
});
