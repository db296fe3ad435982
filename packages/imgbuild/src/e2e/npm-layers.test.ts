import {
  repositoryFiles,
  startTestRegistry,
  type TestPackage,
  type TestRepository,
  type WorkspaceRig,
} from "@imgbuild/testkit";
import { build, built, imageWith, LEFT, npmRig, RIGHT } from "./npm-rig.ts";

const OTHER: TestPackage = { name: "other", version: "1.0.0", files: { "index.js": "module.exports = 1" } };

/** Two services: both use left, which needs right; only worker uses other. */
function services(right: TestPackage, other: TestPackage = OTHER): TestRepository {
  return {
    workspaces: {
      "packages/api": { name: "api", dependencies: { left: "1", shared: "*" } },
      "packages/worker": { name: "worker", dependencies: { other: "1", shared: "*" } },
      "packages/shared": { name: "shared" },
    },
    installed: { "node_modules/left": LEFT, [`node_modules/${right.name}`]: right, "node_modules/other": other },
  };
}

/** The layers of a target by what is in them. */
async function layers(rig: WorkspaceRig, label = "//images/api"): Promise<Record<string, string>> {
  const result = await rig.run(["inspect", label]);
  expect({ code: result.code, stderr: result.code === 0 ? "" : result.stderr }).toEqual({ code: 0, stderr: "" });
  const found = [...result.stdout.matchAll(/^\s+(sha256:[0-9a-f]{64})\s+[\d.]+ k?B\s+(.*)$/gm)];
  return Object.fromEntries(found.map(([, digest = "", name = ""]) => [name, digest]));
}

/** The names of the layers that differ. */
function changed(before: Record<string, string>, after: Record<string, string>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).sort();
}

test("an edit touches the last layer alone, a version bump its unit's layer and nothing of another service", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT, OTHER]);
  const worker = imageWith("")
    .replace(/packages\/api", /, 'packages/worker"')
    .replace('name: "api"', 'name: "worker"');
  await using rig = await npmRig(registry, services(RIGHT), {
    "images/worker/image.ts": worker,
    "packages/worker/main.js": "",
  });
  const before = await layers(rig);
  expect(Object.keys(before)).toEqual([
    ...["@scope/right@2.0.0", "links", "left@1.0.0", "packages of the repository", "workspace packages/api"],
  ]);
  const workerBefore = await layers(rig, "//images/worker");

  rig.write("packages/api/src/main.js", "edited");
  const edited = await layers(rig);
  expect(changed(before, edited)).toEqual(["workspace packages/api"]);

  rig.write("packages/shared/index.js", "edited");
  const shared = await layers(rig);
  expect(changed(edited, shared)).toEqual(["packages of the repository"]);

  const newer = { ...RIGHT, version: "2.0.1" };
  registry.publish(newer);
  for (const [path, text] of Object.entries(repositoryFiles(services(newer)))) rig.write(path, text);
  expect(changed(shared, await layers(rig))).toEqual(["@scope/right@2.0.0", "@scope/right@2.0.1"]);
  const result = await rig.run(["build", "//images/worker", "--json"]);
  expect(built(result)).toEqual(["image", "layerSet"]);
  expect(changed(workerBefore, await layers(rig, "//images/worker"))).toEqual(["packages of the repository"]);
});

test("the same bytes for another user, under another umask, in another path, with one job, from another registry", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT, OTHER]);
  await using rig = await npmRig(registry, services(RIGHT));
  await using copy = rig.copy();
  await using mirror = await startTestRegistry([LEFT, RIGHT, OTHER]);
  copy.write(".npmrc", `registry=${mirror.url}\n`);
  copy.giveTo(4321);
  const first = await build(rig);
  const env = { TZ: "Asia/Tokyo", LC_ALL: "C" };
  const second = await copy.run(["build", "//images/api", "--json", "-j1"], { uid: 4321, umask: 0o077, env });
  const done = (result: typeof first) => result.events.find((event) => event.type === "target.done");
  expect(second.stderr).toBe("");
  expect(done(second)).toMatchObject({ digest: done(first)?.digest, reference: done(first)?.reference });
  expect(mirror.fetched()).toHaveLength(2);
});
