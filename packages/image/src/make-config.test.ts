import { type DiffId, digestOf, type ImageConfig } from "@imgbuild/oci";
import { type ConfigParts, type ImageSettings, makeImageConfig } from "./make-config.ts";

const [lower, upper] = ["lower", "upper"].map((name) => digestOf(name) as DiffId) as [DiffId, DiffId];
const CREATED = "1970-01-01T00:00:01Z";

const settings: ImageSettings = {
  config: {},
  inherit: [],
  unset: [],
  os: "linux",
  architecture: "arm64",
  variant: "v8",
  history: ["/app from //src"],
};

function make(args: Partial<ImageSettings>, rest: Partial<ConfigParts> = {}): ImageConfig {
  return makeImageConfig({ args: { ...settings, ...args }, layers: [upper], created: CREATED, ...rest });
}

function base(config: object | null, more: object = {}): ImageConfig {
  const fields = { architecture: "amd64", os: "linux", author: "someone", config, ...more };
  return { ...fields, rootfs: { type: "layers", diff_ids: [lower] } } as ImageConfig;
}

describe("the config of an image", () => {
  test("says platform, time, layers and a line of history for each", () => {
    expect(make({ config: { Cmd: ["/app"] } })).toEqual({
      created: CREATED,
      architecture: "arm64",
      os: "linux",
      variant: "v8",
      config: { Cmd: ["/app"] },
      rootfs: { type: "layers", diff_ids: [upper] },
      history: [{ created: CREATED, created_by: "imgbuild", comment: "/app from //src" }],
    });
    expect(make({ variant: null })).not.toHaveProperty("variant");
  });

  test("keeps of the base its layers and Env, one entry a variable with our value at the first place", () => {
    const below = base({ Env: ["PATH=/bin", "LANG=C", "PATH=/sbin"], Cmd: ["/base"], User: "1000" });
    const config = make({ config: { Env: ["LANG=de", "NEW=a=b", "NEW=c"] } }, { base: below });
    expect(config.config).toEqual({ Env: ["PATH=/sbin", "LANG=de", "NEW=c"] });
    expect(config.rootfs.diff_ids).toEqual([lower, upper]);
    expect(config).not.toHaveProperty("author");
  });

  test("inherits the fields that are named, or all, but what is unset; ours win", () => {
    const below = base({ Env: ["A=1"], Cmd: ["/base"], User: "1000", WorkingDir: "/base", Custom: 1, Volumes: null });
    expect(make({ inherit: ["User", "Cmd"], config: { Cmd: ["/own"] } }, { base: below }).config).toEqual({
      Env: ["A=1"],
      User: "1000",
      Cmd: ["/own"],
    });
    expect(make({ inherit: ["all"], unset: ["Env", "Cmd"] }, { base: below }).config).toEqual({
      User: "1000",
      WorkingDir: "/base",
      Custom: 1,
    });
    expect(make({ unset: ["Env"], config: { Env: ["B=2"] } }, { base: below }).config).toEqual({ Env: ["B=2"] });
  });

  test("unites inherited labels, ports and volumes with ours", () => {
    const below = base({ Labels: { a: "1", b: "1" }, ExposedPorts: { "80/tcp": {} } });
    const config = { Labels: { b: "2" }, ExposedPorts: { "81/tcp": {} } };
    expect(make({ inherit: ["Labels", "ExposedPorts"], config }, { base: below }).config).toEqual({
      Labels: { a: "1", b: "2" },
      ExposedPorts: { "80/tcp": {}, "81/tcp": {} },
    });
    expect(make({ config }, { base: below }).config).toEqual(config);
  });

  test.each([null, { Env: null }, {}])("takes a base whose config is %j", (config) => {
    expect(make({ config: { Env: ["A=1"] } }, { base: base(config) }).config).toEqual({ Env: ["A=1"] });
  });

  test("has as many lines of history with a layer as layers, whatever the base has", () => {
    const withLayer = (config: ImageConfig): number =>
      (config.history ?? []).filter((entry) => entry.empty_layer !== true).length;
    const env = { created_by: "ENV", empty_layer: true };
    for (const history of [undefined, [], [env], [{ created_by: "ADD" }, env], [{}, {}, {}]]) {
      expect(withLayer(make({}, { base: base({}, { history }) }))).toBe(2);
    }
    const kept = make({}, { base: base({}, { history: [{ created_by: "ADD" }, env] }) }).history;
    expect(kept).toEqual([{ created_by: "ADD" }, env, expect.objectContaining({ created_by: "imgbuild" })]);
  });

  test("with fewer lines than layers has lines without a comment", () => {
    expect(make({ history: [] }).history).toEqual([{ created: CREATED, created_by: "imgbuild" }]);
  });
});
