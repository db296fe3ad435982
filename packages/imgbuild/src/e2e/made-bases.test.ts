import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  describeWithTools,
  type FaultServer,
  savedImages,
  startFaultServer,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";
import { handMadeArchive } from "./hand-made-archive.ts";
import { builtKinds } from "./rootfs-of.ts";

const ARCHIVE = handMadeArchive("base:1", [[["etc/base", "base"]], [["etc/.wh.base", ""]]], { Env: ["A=1"] });
const HASH = `sha256:${createHash("sha256").update(ARCHIVE).digest("hex")}`;

let server: FaultServer;
let rig: WorkspaceRig;
beforeEach(async () => {
  server = await startFaultServer({ "/base.tar": ARCHIVE });
  rig = await workspaceRig({ files: { "base.tar": ARCHIVE } });
});
afterEach(async () => {
  await server.close();
  await rig[Symbol.asyncDispose]();
});

const define = (name: string, fromImage: string, more = "") =>
  rig.write(
    `${name}/image.ts`,
    `import { buildImage, exportImage, fetchUrl, runCommand, text, tree, unpack } from "imgbuild";
export default buildImage({ name: "${name}", fromImage: ${fromImage}, ${more} copyToRoot: tree({ "/own": text("own") }) });
`,
  );

/** Config and layers of a target. */
async function imageOf(name: string) {
  const out = join(rig.outside, `${name}.tar`);
  const { code, stderr } = await rig.run(["build", `//${name}`, "-o", out, "--compression", "none"]);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return { config: savedImages(out)[0]?.config, bytes: readFileSync(out) };
}

test("a base may be fetched by its hash: the image is that on the file, and the second build asks nobody", async () => {
  define("fetched", `fetchUrl({ url: "${server.url}/base.tar", hash: "${HASH}" })`);
  define("plain", `"//base.tar"`);
  const [fetched, plain] = [await imageOf("fetched"), await imageOf("plain")];
  expect(fetched.config?.config).toEqual({ Env: ["A=1"] });
  expect(fetched.config).toEqual(plain.config);
  await server.close();
  expect(builtKinds(await rig.run(["build", "//fetched", "--json"]))).toEqual([]);
});

test("one of several images is chosen, and what is no image is told by its address", async () => {
  const url = `fetchUrl({ url: "${server.url}/base.tar", hash: "${HASH}" })`;
  define("absent", url, `fromImageName: "other",`);
  const absent = await rig.run(["build", "//absent"]);
  expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('Cannot find the image "other" in ') });
  expect(absent.stderr).toContain('it has "base:1"');
  expect(absent.stderr).toMatch(/at absent\/image\.ts:2/);
  define("unpacked", `unpack(${url})`);
  const layers = await imageOf("unpacked");
  expect(layers.config?.config).toEqual({ Env: ["A=1"] });
  const text = createHash("sha256").update("no image").digest("hex");
  await server.close();
  server = await startFaultServer({ "/x": "no image" });
  define("text", `fetchUrl({ url: "${server.url}/x", hash: "sha256:${text}" })`);
  expect((await rig.run(["build", "//text"])).stderr).toMatch(
    /Cannot read the image in .*: it is a text, wanted a tar/,
  );
});

describeWithTools(["unshare", "setpriv"], "a command", () => {
  test("may make the base: an archive, or the files of a layout", async () => {
    define("source", `"//base.tar"`);
    await rig.run(["build", "//source", "-o", rig.path("oci"), "--format", "oci-layout"]);
    define("archive", `runCommand({ inputs: ["//base.tar"], outputs: "out.tar", command: "cp ../base.tar out.tar" })`);
    define("layout", `runCommand({ inputs: ["//oci"], outputs: "out", command: "cp -r ../oci out" })`);
    expect((await imageOf("archive")).config).toEqual((await imageOf("source")).config);
    expect((await imageOf("layout")).config?.rootfs.diff_ids.length).toBe(4);
  });
});
