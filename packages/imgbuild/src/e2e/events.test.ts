import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CliResult, type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";

const FILES = {
  "ok/image.ts":
    'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "ok", copyToRoot: "./src" });\n',
  "ok/src/f": "x",
  "bad/image.ts":
    'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "bad", copyToRoot: "./no" });\n',
  "lib/f": "y",
};

let rig: WorkspaceRig;
beforeAll(async () => {
  rig = await workspaceRig({ files: FILES });
});
afterAll(() => rig[Symbol.asyncDispose]());

function typesOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { type: string }).type);
}

const codeOf = ({ code }: CliResult): number | null => code;

describe("--json: every line is an event, and a run ends with run.end whatever happens", () => {
  test.each<[string, number]>([
    ["build //ok", 0],
    ["build //nope", 2],
    ["build //bad", 2],
    ["build //... -k", 2],
    ["build //ok -o /nope/x.tar", 2],
    ["build //ok -o /dev/full", 1],
    ["build //ok -o lib --format oci-layout", 2],
    ["load //ok", 75],
    ["inspect //ok", 0],
  ])("%s", async (line, code) => {
    const result = await rig.run([...line.split(" "), "--json"], { env: { DOCKER_HOST: "unix:///nope/docker.sock" } });
    const types = typesOf(result.stdout);
    expect({ code: codeOf(result), last: types.at(-1), first: types[0] }).toEqual({
      code,
      last: "run.end",
      first: "run.start",
    });
    expect(types.filter((type) => type === "error").length).toBeLessThan(2);
    expect(result.stderr).toBe("");
  });

  test.each<[string, number, string]>([
    ["plan //nope", 2, "error"],
    ["plan //ok", 0, "plan.done"],
    ["tag //nope", 2, "error"],
    ["build", 2, "error"],
    ["completion bash", 2, "error"],
    ["stream //ok", 2, "error"],
    ["build //ok --cache-dir /proc/x", 2, "error"],
  ])("%s is no run: its last line tells what came of it", async (line, code, last) => {
    const result = await rig.run([...line.split(" "), "--json"]);
    expect({ code: codeOf(result), last: typesOf(result.stdout).at(-1) }).toEqual({ code, last });
  });

  test("results that cannot be written are told on stderr", async () => {
    const wrap = ["/bin/sh", "-c", '"$@" > /dev/full', "sh"];
    const result = await rig.run(["build", "//ok", "--json"], { wrap });
    expect({ code: codeOf(result), stderr: result.stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("error[disk-full]: Cannot write the results") as string,
    });
  });
});

test("a report that cannot be written is told beside what failed, and the run still ends", async () => {
  const failed = await rig.run(["build", "//nope", "--json", "--report", "/nope/r.json"]);
  const [, error, end] = failed.events;
  expect(error).toMatchObject({ error: { code: "unknown-label", related: [{ code: "input-missing" }] } });
  expect(end).toMatchObject({ type: "run.end", exitCode: failed.code });
  const built = await rig.run(["build", "//ok", "--report", "/nope/r.json"]);
  expect({ code: built.code, stderr: built.stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/Cannot write the report "\/nope\/r\.json"/) as string,
  });
  expect((await rig.run(["plan", "//ok", "--report", "r.json"])).stderr).toContain('does not take "--report"');
});

test("--profile writes bars for what was done, also when the run fails", async () => {
  const file = join(rig.outside, "profile.json");
  const names = (): string[] =>
    (JSON.parse(readFileSync(file, "utf8")) as { traceEvents: { name: string }[] }).traceEvents.map(({ name }) => name);
  expect((await rig.run(["build", "//ok", "--force", "--profile", file])).code).toBe(0);
  expect(names()).toEqual(["evaluate", "look at sources", "//ok layer", "//ok image"]);
  expect((await rig.run(["build", "//bad", "--profile", file])).code).toBe(2);
  expect(names()).toEqual(["evaluate", "look at sources"]);
});

test("a plan with keep-going shows what can be built, and fails for what cannot", async () => {
  const { code, lines, stderr } = await rig.run(["plan", "//...", "-k"]);
  expect(code).toBe(2);
  expect(lines).toEqual(["hit    //ok  layer", "hit    //ok  image"]);
  expect(stderr).toContain('Cannot read "//bad/no"');
});

test("--progress json keeps stderr to events, the failure too", async () => {
  const { stderr } = await rig.run(["build", "//nope", "--progress", "json"]);
  expect(typesOf(stderr)).toEqual(["run.start", "error", "run.end"]);
});

test.each(["--cache-dir", "-o", "-C", "--report"])(
  "an empty value of %s is refused and touches nothing",
  async (flag) => {
    const { code, stderr } = await rig.run(["build", "//ok", flag, ""]);
    expect(code).toBe(2);
    expect(stderr).toContain("its value is empty");
    expect(() => readFileSync(join(rig.root, "CACHEDIR.TAG"))).toThrow();
  },
);

test.each(["--format oci-archive", "--compression=zstd"])("%s without an output is refused", async (flags) => {
  const { code, stderr } = await rig.run(["build", "//ok", ...flags.split(" ")]);
  expect(code).toBe(2);
  expect(stderr).toContain("without --output: the build writes no file");
});

test.each(["-", "/dev/stdout", "/dev/fd/1"])(
  "an output to %s is refused: results are written there",
  async (output) => {
    const { code, stderr } = await rig.run(["build", "//ok", "-o", output]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("Run `imgbuild stream`") as string });
  },
);

test("an archive goes to a pipe that is known by number alone", async () => {
  const copy = join(rig.outside, "copy.tar");
  const wrap = ["/bin/bash", "-c", `"$@" -o >(cat > "${copy}"); code=$?; wait $!; exit $code`, "bash"];
  const { code, stderr } = await rig.run(["build", "//ok", "--compression", "none"], { wrap });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("to docker-archive") as string });
  expect(readFileSync(copy).subarray(257, 262).toString()).toBe("ustar");
});

test("a current directory that was removed is told without a stack", async () => {
  const wrap = ["/bin/sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh"];
  const { code, stderr } = await rig.run(["list"], { wrap });
  expect(code).toBe(2);
  expect(stderr).toContain("error[usage]: Cannot find the current directory: it was removed");
  expect(stderr).not.toContain("    at ");
});
