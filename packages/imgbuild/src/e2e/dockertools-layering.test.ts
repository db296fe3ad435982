import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const DEFINITION = `
const unit = (name, size) => tree({ ["/opt/" + name]: text(name.repeat(size)) });
export const several = buildLayeredImage({ name: "several", contents: [hello, bash], extraCommands: 'echo "(hello)" > extraCommands', config: { Cmd: ["hello"] } });
export const single = buildLayeredImage({ name: "single", contents: [hello], config: { Cmd: ["hello"] } });
export const two = buildLayeredImage({ name: "two", maxLayers: 2, contents: [bash, hello] });
export const tooMany = buildLayeredImage({ name: "too-many", maxLayers: 2, contents: [bash, hello, unit("a", 10), unit("b", 20), unit("c", 30)] });
const all = [unit("a", 100), unit("b", 200), unit("c", 300)];
export const before = buildLayeredImage({ name: "before", contents: all });
export const after = buildLayeredImage({ name: "after", contents: [all[0], unit("new", 150), all[1], all[2]] });
export const byHand = buildLayeredImage({ name: "by-hand", layers: [[bash, hello], unit("big", 10000)], contents: all, maxLayers: 3 });
export const popular = buildLayeredImage({ name: "popular", layering: "popularity", maxLayers: 2, contents: all });
export const clash = buildLayeredImage({ name: "clash", contents: [tree({ "/etc/x": text("first") }), tree({ "/etc/x": text("second"), "/etc/y": text("y".repeat(2000)) })] });
`;

describeWithTools(DOCKER_TOOLS, "dockerTools F: layering", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({ "f/image.ts": definition(DEFINITION) });
  });
  afterAll(() => on?.stop());

  const diffIds = async (name: string) => (await on.saved(`//f:${name}`)).config.rootfs.diff_ids;
  const pathsOf = async (name: string) =>
    (await on.saved(`//f:${name}`)).layers.map((layer) =>
      layer.filter(({ type }) => type !== "directory").map(({ path }) => path),
    );

  test("DT-27: the command is found, and the file of a script is at the root", async () => {
    const reference = await on.load("//f:several");
    expect(on.run(reference).stdout).toBe("Hello, world!\n");
    expect(on.run(reference, "sh", "-c", "cat extraCommands; echo $PWD").stdout).toBe("(hello)\n/\n");
  });

  test("DT-30: images with a unit in common have its layer in common", async () => {
    const [several, single] = [await diffIds("several"), await diffIds("single")];
    expect(several).toEqual(expect.arrayContaining([...single]));
  });

  test.each(["two", "tooMany"])("DT-37, DT-38: two layers for %s units, and nothing is dropped", async (name) => {
    const reference = await on.load(`//f:${name}`);
    expect(on.run(reference, "ls", "/bin/hello").stdout).toBe("/bin/hello\n");
    expect((await diffIds(name)).length).toBe(2);
    if (name === "tooMany") expect(on.run(reference, "ls", "/opt").stdout).toBe("a\nb\nc\n");
  });

  test("a unit that is added moves no other layer", async () => {
    const [before, after] = [await diffIds("before"), await diffIds("after")];
    expect(after.length).toBe(4);
    expect(after.filter((id) => before.includes(id))).toEqual(before);
  });

  test("layers by hand are at the bottom, and count", async () => {
    const paths = await pathsOf("byHand");
    expect(paths.map((layer) => layer.at(-1))).toEqual(["bin/wget", "opt/big", "opt/c"]);
  });

  test("the popularity contest keeps all units too", async () => {
    expect((await pathsOf("popular")).flat().sort()).toEqual(["opt/a", "opt/b", "opt/c"]);
  });

  test("of two units with one path the later wins, whatever layers they come to", async () => {
    const { layers } = await on.saved("//f:clash");
    const found = layers.flat().filter(({ path }) => path === "etc/x");
    expect(found.map(({ content }) => content)).toEqual(["second"]);
  });

  test("only the layer of a changed unit is new", async () => {
    const before = await diffIds("before");
    on.rig.write("f/image.ts", definition(DEFINITION.replace('unit("b", 200)', 'unit("b", 201)')));
    const after = await diffIds("before");
    expect(after.map((id, i) => id === before[i])).toEqual([true, false, true]);
  });
});
