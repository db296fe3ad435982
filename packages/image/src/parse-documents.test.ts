import { parseImageConfig } from "./parse-documents.ts";

const place = { label: '"base.tar"', what: "its config" };
const parse = (fields: object) =>
  parseImageConfig(Buffer.from(JSON.stringify({ rootfs: { diff_ids: [] }, ...fields })), place);

describe("the config of a base", () => {
  test("may have nulls, unknown fields, and commands that are one text, as Go readers allow", () => {
    const config = {
      Env: null,
      Labels: null,
      User: null,
      Cmd: "/bin/sh",
      Entrypoint: ["/x"],
      Volumes: { "/v": null },
      Own: 1,
    };
    expect(parse({ config }).config).toEqual({ ...config, Cmd: ["/bin/sh"] });
    expect(parse({ config: null, history: null })).toMatchObject({ config: null, history: [] });
  });

  test.each<[object, string]>([
    [{ config: { Env: [1] } }, '"config.Env" that is no list of texts'],
    [{ config: { Env: "A=1" } }, '"config.Env" that is no list of texts'],
    [{ config: { Entrypoint: { a: 1 } } }, '"config.Entrypoint" that is no list of texts'],
    [{ config: { Labels: ["x"] } }, '"config.Labels" that is no object'],
    [{ config: { User: 5 } }, '"config.User" that is no text'],
    [{ config: [] }, 'no object at "config"'],
    [{ history: [null] }, "a wrong history"],
    [{ history: {} }, "a wrong history"],
    [{ os: 1 }, '"os" that is no text'],
  ])("%j is refused", (fields, problem) => {
    expect(() => parse(fields)).toThrow(problem);
  });
});
