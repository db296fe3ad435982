import { readConfig } from "./config.ts";
import { CONFIG_KEYS, HEALTHCHECK_KEYS } from "./config-names.ts";
import { containerConfigSchema, healthcheckSchema } from "./config-schema.ts";
import type { Problem } from "./problem.ts";

function check(config: unknown): {
  readonly said: string[];
  readonly hints: (string | undefined)[];
  readonly config: unknown;
} {
  const problems: Problem[] = [];
  const read = readConfig(config, problems);
  return {
    said: problems.map(({ path, text }) => `${path} ${text}`),
    hints: problems.map((problem) => problem.hint),
    config: read,
  };
}

test("a config with every key is taken as it is", () => {
  const config = {
    ArgsEscaped: true,
    Cmd: ["/a", ""],
    CpuShares: 1,
    Domainname: "d",
    Entrypoint: [],
    Env: ["A=1", "B=", "C=x=y"],
    ExposedPorts: { "80": {}, "53/udp": {}, "1-65535/sctp": {} },
    Healthcheck: {
      Test: ["CMD-SHELL", "true"],
      Interval: 1_000_000,
      Timeout: 0,
      StartPeriod: 0,
      StartInterval: 0,
      Retries: 3,
    },
    Hostname: "h",
    Labels: { a: "", "b.c": "x" },
    Memory: 1,
    MemorySwap: -1,
    OnBuild: ["RUN x"],
    Shell: ["/bin/sh"],
    StopSignal: "SIGRTMIN+3",
    StopTimeout: 10,
    User: "1000:1000",
    Volumes: { "/data": {} },
    WorkingDir: "/w",
  };
  expect(check(config)).toEqual({ said: [], hints: [], config });
  expect(Object.keys(config).sort()).toEqual([...CONFIG_KEYS]);
});

test("the checked keys and the known keys are the same", () => {
  expect(Object.keys(containerConfigSchema.entries).sort()).toEqual([...CONFIG_KEYS]);
  expect(Object.keys(healthcheckSchema.entries).sort()).toEqual([...HEALTHCHECK_KEYS]);
});

test.each([
  ["CMD", "Cmd"],
  ["cmd", "Cmd"],
  ["command", "Cmd"],
  ["ENTRYPOINT", "Entrypoint"],
  ["EntryPoint", "Entrypoint"],
  ["EXPOSE", "ExposedPorts"],
  ["exposed_ports", "ExposedPorts"],
  ["ports", "ExposedPorts"],
  ["HEALTHCHECK", "Healthcheck"],
  ["HealthCheck", "Healthcheck"],
  ["WORKDIR", "WorkingDir"],
  ["VOLUME", "Volumes"],
  ["LABEL", "Labels"],
  ["ENV", "Env"],
  ["environment", "Env"],
  ["Envv", "Env"],
  ["STOPSIGNAL", "StopSignal"],
  ["onbuild", "OnBuild"],
])("the key %s is an error that names %s", (key, right) => {
  expect(check({ [key]: [] })).toMatchObject({
    said: [`config.${key} is no key of a container config, wanted ${right}`],
    hints: [`Write ${right}`],
  });
});

test.each([
  ["FROM", "fromImage"],
  ["COPY", "copyToRoot"],
  ["RUN", "copyToRoot"],
  ["zzz", "Use only"],
  ["constructor", "Use only"],
])("the key %s has a hint with %s", (key, words) => {
  expect(check({ [key]: 1 }).hints[0]).toContain(words);
});

test.each<[unknown, string]>([
  [[], "config is an empty array, wanted an object"],
  ["x", 'config is the string "x", wanted an object'],
  [{ Cmd: "run it" }, 'config.Cmd is the string "run it", wanted an array of strings'],
  [{ Cmd: [1] }, "config.Cmd[0] is the number 1, wanted a string"],
  [{ Cmd: null }, "config.Cmd is null, wanted an array of strings"],
  [{ Cmd: undefined }, "config.Cmd is undefined, wanted plain data"],
  [{ Env: ["A=1", "=x"] }, 'config.Env[1] is the string "=x", wanted "NAME=value"'],
  [{ Env: { A: "1" } }, 'config.Env is an object, wanted an array such as ["NAME=value"]'],
  [{ Env: ["A=1", undefined] }, "config.Env[1] is undefined, wanted plain data"],
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tried
  [{ Env: ["A=1", , "B=2"] }, "config.Env[1] is undefined, wanted plain data"],
  [{ ExposedPorts: ["80"] }, "config.ExposedPorts is an array, wanted an object"],
  [{ ExposedPorts: { "80/icmp": {} } }, 'config.ExposedPorts["80/icmp"] is named wrongly, wanted a port'],
  [{ ExposedPorts: { "0": {} } }, 'config.ExposedPorts["0"] is named wrongly'],
  [{ ExposedPorts: { "70000": {} } }, "is named wrongly"],
  [{ ExposedPorts: { "80": { a: 1 } } }, 'config.ExposedPorts["80"] is an object, wanted an empty object {}'],
  [{ Volumes: { data: {} } }, "config.Volumes.data is named wrongly, wanted an absolute path"],
  [{ Labels: [] }, "config.Labels is an empty array, wanted an object"],
  [{ Labels: { a: 1 } }, "config.Labels.a is the number 1, wanted a string"],
  [{ WorkingDir: "app" }, 'config.WorkingDir is the string "app", wanted an absolute path'],
  [{ StopSignal: "TERM" }, 'config.StopSignal is the string "TERM", wanted a signal'],
  [{ StopTimeout: 1.5 }, "config.StopTimeout is the number 1.5, wanted a whole number of seconds"],
  [{ User: "a b" }, "config.User is the string"],
  [{ User: "a:b:c" }, 'config.User is the string "a:b:c", wanted a user such as "app"'],
  [{ Cmd: ["a", "b\0c"] }, "config.Cmd[1] is the string"],
  [{ Entrypoint: ["\0"] }, "wanted a string without a NUL"],
  [{ Memory: Number.NaN }, "config.Memory is NaN, wanted plain data"],
  [{ Healthcheck: { Test: "true" } }, 'config.Healthcheck.Test is the string "true", wanted an array'],
  [{ Healthcheck: { Test: ["true"] } }, 'wanted an array that starts with "NONE", "CMD" or "CMD-SHELL"'],
  [{ Healthcheck: { Test: ["CMD-SHELL", "a", "b"] } }, 'wanted one string after "CMD-SHELL"'],
  [
    { Healthcheck: { Interval: "30s" } },
    'config.Healthcheck.Interval is the string "30s", wanted a duration in nanoseconds',
  ],
  [{ Healthcheck: { Interval: 30 } }, "config.Healthcheck.Interval is the number 30, wanted a duration"],
  [{ Healthcheck: { interval: 0 } }, "config.Healthcheck.interval is no key of a container config, wanted Interval"],
  [{ User: () => "a" }, 'config.User is the function "User", wanted plain data'],
  [{ User: "\ud800" }, "config.User holds half of a surrogate pair"],
])("%j is refused at its path", (config, words) => {
  const { said } = check(config);
  expect(said.join("\n")).toContain(words);
  expect(said).toHaveLength(1);
});

test("a command given as one string is shown as an array", () => {
  expect(check({ Cmd: "run  it" }).hints).toEqual(['Write Cmd: ["run","it"], or ["/bin/sh", "-c", …] for a shell']);
});

test("a config that holds itself is refused", () => {
  const config: Record<string, unknown> = {};
  config.Labels = config;
  expect(check(config).said).toContain("config.Labels holds itself, wanted plain data");
});

test.each(['{ "__proto__": { "User": "x" } }', '{ "Labels": { "__proto__": "x" } }'])("%s is refused", (json) => {
  expect(check(JSON.parse(json)).said).toEqual([expect.stringContaining('has a key named "__proto__"')]);
});
