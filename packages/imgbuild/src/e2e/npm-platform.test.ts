import {
  startTestRegistry,
  type TestPackage,
  type TestRegistry,
  type TestRepository,
  type WorkspaceRig,
} from "@imgbuild/testkit";
import { failure, LEFT, npmRig } from "./npm-rig.ts";

/** A binary package, as `name-linux-x64` of many tools. */
function native(cpu: string, libc?: string): TestPackage {
  const name = `native-linux-${cpu}${libc === "musl" ? "-musl" : ""}`;
  const limits = { os: ["linux"], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }) };
  return { name, version: "1.0.0", ...limits, files: { "addon.node": cpu } };
}

const NATIVES = [native("x64", "glibc"), native("x64", "musl"), native("arm64", "glibc"), native("arm64", "musl")];
const OWNER: TestPackage = {
  ...{ name: "owner", version: "1.0.0" },
  optionalDependencies: Object.fromEntries(NATIVES.map(({ name }) => [name, "1.0.0"])),
};
const at = ({ name }: TestPackage) => `node_modules/${name}`;
const REPOSITORY: TestRepository = {
  workspaces: { "packages/api": { name: "api", dependencies: { owner: "*" } } },
  installed: Object.fromEntries([OWNER, ...NATIVES].map((item) => [at(item), item])),
  edit: Object.fromEntries(NATIVES.map((item) => [at(item), { optional: true }])),
};

/** A definition whose default export is some image of `app`. */
function image(body: string, options = ""): string {
  return `import { buildImage, buildLayeredImage, merge, npmWorkspace, runCommand, tree } from "imgbuild";
const app = npmWorkspace({ workspace: "packages/api"${options} });
export default ${body};
`;
}

async function rigOf(registry: TestRegistry, definition: string): Promise<WorkspaceRig> {
  return npmRig(registry, REPOSITORY, { "images/api/image.ts": definition });
}

const ARM = `name: "api", architecture: "arm64"`;

test.each([
  ["an image of its own architecture", image(`buildImage({ name: "api", copyToRoot: app })`), "native-linux-x64"],
  ["an image of another", image(`buildImage({ ${ARM}, copyToRoot: app })`), "native-linux-arm64"],
  ["a layered image of another", image(`buildLayeredImage({ ${ARM}, contents: [app] })`), "native-linux-arm64"],
  [
    "an image that has its packages alone",
    image(`buildImage({ ${ARM}, copyToRoot: app.thirdParty })`),
    "native-linux-arm64",
  ],
  [
    "an image that has it inside of other sources",
    image(`buildImage({ ${ARM}, copyToRoot: merge([tree({ "/x": app }), tree({ "/y": app.thirdParty })]) })`),
    "native-linux-arm64",
  ],
  [
    "an Alpine",
    image(`buildImage({ ${ARM}, copyToRoot: app })`, `, platform: { libc: "musl" }`),
    "native-linux-arm64-musl",
  ],
  [
    "an image that agrees with its platform",
    image(`buildImage({ ${ARM}, copyToRoot: app })`, `, platform: { architecture: "arm64" }`),
    "native-linux-arm64",
  ],
])("native packages fit %s, whatever machine builds it", async (_, definition, expected) => {
  await using registry = await startTestRegistry([OWNER, ...NATIVES]);
  await using rig = await rigOf(registry, definition);
  const result = await rig.run(["build", "//images/api"]);
  expect({ code: result.code, stderr: result.code === 0 ? "" : result.stderr }).toEqual({ code: 0, stderr: "" });
  const wanted = NATIVES.find(({ name }) => name === expected) ?? OWNER;
  expect(registry.fetched()).toEqual([wanted, OWNER].map(registry.pathOf).sort());
});

test("a platform that its image contradicts is told, where something depends on it", async () => {
  await using registry = await startTestRegistry([OWNER, LEFT, ...NATIVES]);
  const body = `buildImage({ ${ARM}, copyToRoot: app })`;
  await using rig = await rigOf(registry, image(body, `, platform: { architecture: "amd64" }`));
  const said = await failure(rig, 2);
  expect(said).toContain("linux/amd64 where linux/arm64 is wanted");
  expect(said).toContain('"native-linux-x64@1.0.0" runs on x64');
  expect(registry.fetched()).toEqual([]);
});

test("a required package for another platform is refused by name", async () => {
  const [x64 = OWNER] = NATIVES;
  await using registry = await startTestRegistry([x64]);
  const repository = {
    workspaces: { "packages/api": { name: "api", dependencies: { [x64.name]: "*" } } },
    installed: { [at(x64)]: x64 },
  };
  await using rig = await npmRig(registry, repository, {
    "images/api/image.ts": image(`buildImage({ ${ARM}, copyToRoot: app })`),
  });
  expect(await failure(rig, 1)).toContain(
    '"native-linux-x64@1.0.0" does not run on linux/arm64 with glibc: it is for linux x64 glibc',
  );
});

test("an archive of another platform is no base, until the image says its architecture: then packages follow", async () => {
  await using registry = await startTestRegistry([OWNER, ...NATIVES]);
  const base = `import { buildImage, text, tree } from "imgbuild";
export default buildImage({ ${ARM}, copyToRoot: tree({ "/base": text("x") }) });
`;
  await using rig = await npmRig(registry, REPOSITORY, { "images/base/image.ts": base });
  const archive = await rig.run(["build", "//images/base", "-o", rig.path("base.tar"), "--format", "docker-archive"]);
  expect({ code: archive.code, stderr: archive.code === 0 ? "" : archive.stderr }).toEqual({ code: 0, stderr: "" });
  for (const body of [
    "buildImage({ name: 'api', copyToRoot: app",
    "buildLayeredImage({ name: 'api', contents: [tree({ '/x': app })]",
  ]) {
    rig.write("images/api/image.ts", image(`${body}, fromImage: "//base.tar" })`));
    const said = await failure(rig);
    expect(said).toContain("Cannot find an image for linux/amd64");
    expect(said).toContain('architecture: "arm64"');
    rig.write("images/api/image.ts", image(`${body}, fromImage: "//base.tar", architecture: "arm64" })`));
    const result = await rig.run(["build", "//images/api"]);
    expect({ code: result.code, stderr: result.code === 0 ? "" : result.stderr }).toEqual({ code: 0, stderr: "" });
  }
});
