import type { RunCommandArgs } from "@imgbuild/graph";
import { complaints, testApi } from "../testing.ts";
import type { RunCommandOptions } from "./command-options.ts";

const MACHINE = "node v20.0.0 linux/x64";
const { api, warnings } = testApi((fact) => ({ value: fact.kind === "machine" ? MACHINE : null }));
const OK = { command: "make", outputs: "out" } as const;

function args(options: Partial<RunCommandOptions>): RunCommandArgs {
  return api.runCommand({ ...OK, ...options }).args as unknown as RunCommandArgs;
}

function said(options: Readonly<Record<string, unknown>>): string[] {
  return complaints(() => api.runCommand({ ...OK, ...options } as unknown as RunCommandOptions));
}

test("the Node of this machine is part of what a command is, unless it has a root", () => {
  expect(args({}).machine).toBe(MACHINE);
  expect(args({ root: "./rootfs" })).toMatchObject({ machine: null, root: "source" });
  const image = api.buildImage({ name: "a", copyToRoot: "./rootfs" });
  expect(args({ root: image })).toMatchObject({ machine: null, root: "image" });
});

test("a command starts where the definition is; inputs by place count from /work", () => {
  expect(args({}).workingDirectory).toBe("/work/images/app");
  expect(args({ inputs: ["./src"] }).workingDirectory).toBe("/work/images/app");
  expect(args({ inputs: { src: "./src" } }).workingDirectory).toBe("/work");
  expect(args({ workingDirectory: "//packages/api" }).workingDirectory).toBe("/work/packages/api");
  expect(args({ workingDirectory: "//" }).workingDirectory).toBe("/work");
  expect(args({ workingDirectory: "/src/./x/" }).workingDirectory).toBe("/src/x");
});

test("an output is a path, several are a list, each can be taken alone", () => {
  expect(args({ outputs: "./dist/" })).toMatchObject({ outputs: ["dist"], shape: "content" });
  expect(args({ outputs: ["a", "b/c"] })).toMatchObject({ outputs: ["a", "b/c"], shape: "paths" });
  const both = api.runCommand({ command: "x", outputs: ["a", "b/c"] });
  expect(both.output("b/c").args).toEqual({ path: "b/c" });
  expect(both.output("a/deep").args).toEqual({ path: "a/deep" });
  expect(complaints(() => both.output("b"))[0]).toContain('wanted one of the outputs "a", "b/c"');
  const one = api.runCommand({ command: "x", outputs: "a" });
  expect(one.output("a")).toBe(one);
});

test("in a list everything stands where it is, or where a command made it", () => {
  const made = api.runCommand({ command: "x", outputs: "dist", workingDirectory: "//gen" });
  const both = api.runCommand({ command: "x", outputs: ["a", "b"], workingDirectory: "/src" });
  const whole = api.tree({ "/app": "./app" });
  const { inputs } = api.runCommand({
    ...OK,
    inputs: ["//x", made, both, both.output("a"), made.output("dist/sub"), whole],
  });
  const places = inputs[0]?.inputs.map(({ args: of }) => (of as { readonly destinations?: unknown }).destinations);
  expect(places).toEqual([["work/x"], ["work/gen/dist"], ["src"], ["src/a"], ["work/gen/dist/sub"], ["app"]]);
});

test("the order in which variables and secrets are written decides nothing", () => {
  const some = { env: { B: "2", A: "1" }, secrets: ["Y", "X"] };
  const same = { env: { A: "1", B: "2" }, secrets: [{ name: "X" }, "Y"] };
  expect(JSON.stringify(args(some))).toBe(JSON.stringify(args(same)));
});

test("the network is a warning", () => {
  args({ network: true });
  expect(warnings).toEqual([expect.stringContaining('"make" uses the network')]);
});

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ["no command", { command: undefined }, "command is undefined"],
  ["an empty command", { command: " " }, "command is empty"],
  ["an empty list", { command: [] }, "command is an empty array"],
  ["a word that is none", { command: ["a", 5] }, "command[1] is the number 5"],
  ["no outputs", { outputs: [] }, "outputs names nothing"],
  ["the working directory as output", { outputs: "." }, "is the working directory itself"],
  ["an output that leaves", { outputs: "../x" }, 'holds ".."'],
  ["an absolute output", { outputs: "/out" }, "is an absolute path"],
  ["an output in another", { outputs: ["a", "a/b"] }, 'has "a/b" twice'],
  ["one output twice", { outputs: ["a", "a"] }, 'has "a" twice'],
  ["a number as variable", { env: { PORT: 80 } }, "env.PORT is the number 80"],
  ["a bad name of a variable", { env: { "A-B": "x" } }, 'env["A-B"] is no name of a variable'],
  ["text without a place", { inputs: [api.text("x")] }, "which has no place of its own"],
  ["an archive without a place", { inputs: [api.unpack("./x.tgz")] }, "which has no place of its own"],
  ["an input that leaves the workspace", { inputs: ["../../../x"] }, "leaves the workspace"],
  ["an input at a place of the machine", { inputs: { "/usr/x": "./x" } }, "where programs of this machine are"],
  ["an input at a place of the sandbox", { inputs: { "/proc/x": "./x" } }, "which is the sandbox's own"],
  ["a relative working directory", { workingDirectory: "app" }, "wanted an absolute path of the sandbox"],
  ["the root as working directory", { workingDirectory: "/" }, "wanted a directory below it"],
  ["a root that is a number", { root: 5 }, "root is the number 5"],
  ["a timeout of zero", { timeout: 0 }, "timeout is the number 0"],
  ["a misspelt attribute", { ouputs: "x" }, 'ouputs is no attribute (did you mean "outputs"'],
])("%s is refused", (_, options, message) => {
  expect(said(options).join("\n")).toContain(message);
});

test("with a root, inputs may be anywhere but in the sandbox's own places", () => {
  expect(args({ root: "./rootfs", inputs: { "/usr/x": "./x" } }).hasInputs).toBe(true);
  expect(said({ root: "./rootfs", inputs: { "/dev/x": "./x" } })[0]).toContain("which is the sandbox's own");
});
