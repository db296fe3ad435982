import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";

const IMPORT = 'import { buildImage, imageIndex, text, tree } from "imgbuild";\n';
const OS = `${IMPORT}const os = (architecture: string) => buildImage({ name: "os", tag: architecture.slice(0, 5), architecture, copyToRoot: tree({ "/arch": text(architecture) }) });
export const amd = os("amd64");
export const arm = os("arm64/v8");
export const both = imageIndex({ name: "os", tag: "1", images: [amd, arm] });
`;

/** A workspace with an archive of one platform or of two, and `app` on top of it. */
async function onArchive(base: "arm" | "both", more = ""): Promise<WorkspaceRig> {
  const app = `${IMPORT}export default buildImage({ name: "app", fromImage: "//os.tar"${more} });
export const above = buildImage({ name: "above", fromImage: "//os.tar", copyToRoot: tree({ "/x": text("x") }) });\n`;
  const rig = await workspaceRig({ files: { "os/image.ts": OS, "app/image.ts": app } });
  const made = await rig.run(["build", `//os:${base}`, "-o", rig.path("os.tar"), "--format", "oci-archive"]);
  expect(made.stderr).toContain("Done");
  return rig;
}

async function platformOf(rig: WorkspaceRig, label: string): Promise<{ architecture: string; variant?: string }> {
  const output = join(rig.outside, "layout");
  const built = await rig.run(["build", label, "-o", output, "--format", "oci-layout"]);
  expect({ code: built.code, stderr: built.code === 0 ? "" : built.stderr }).toEqual({ code: 0, stderr: "" });
  const digest = / sha256:([0-9a-f]{64})/.exec(built.stdout)?.[1] ?? "";
  return JSON.parse(readFileSync(join(output, "blobs/sha256", digest), "utf8")) as { architecture: string };
}

test("an image on an archive is for what the archive is for", async () => {
  await using rig = await onArchive("arm");
  expect(await platformOf(rig, "//app:above")).toMatchObject({ architecture: "arm64", variant: "v8" });
});

test("architecture chooses one of the images of an archive", async () => {
  await using rig = await onArchive("both", ', architecture: "arm64/v8"');
  expect(await platformOf(rig, "//app")).toMatchObject({ architecture: "arm64", variant: "v8" });
  expect((await platformOf(rig, "//app:above")).architecture).toBe("amd64");
});

test("an archive for another architecture than the given one is an error that names both", async () => {
  await using rig = await onArchive("arm", ', architecture: "amd64"');
  const { code, stderr } = await rig.run(["build", "//app"]);
  expect(code).toBe(1);
  expect(stderr).toContain("Cannot find an image for linux/amd64");
  expect(stderr).toContain("it has linux/arm64/v8");
  expect(stderr).toMatch(/app\/image\.ts:2/);
});
