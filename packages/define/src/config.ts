import type { ContainerConfig } from "@imgbuild/oci";
import * as v from "valibot";
import { CONFIG_KEYS, HEALTHCHECK_KEYS, unknownKeys } from "./config-names.ts";
import { containerConfigSchema } from "./config-schema.ts";
import { copyPlain, describeValue, isPlainObject } from "./plain.ts";
import { joinPath, type Problem } from "./problem.ts";

/** Reads and checks the container config of an image; every problem is at its path, `config.Env[2]`. */
export function readConfig(value: unknown, problems: Problem[]): ContainerConfig {
  if (value === undefined || value === null) return {};
  const notPlain: Problem[] = [];
  const copy = copyPlain(value, "config", notPlain);
  problems.push(...notPlain);
  if (isPlainObject(copy)) {
    problems.push(...unknownKeys(Object.keys(copy), CONFIG_KEYS, "config"));
    if (isPlainObject(copy.Healthcheck)) {
      problems.push(...unknownKeys(Object.keys(copy.Healthcheck), HEALTHCHECK_KEYS, "config.Healthcheck"));
    }
  } else if (notPlain.length === 0) {
    problems.push({
      path: "config",
      text: `is ${describeValue(copy)}, wanted an object such as { Cmd: ["/bin/app"] }`,
    });
  }
  if (!isPlainObject(copy)) return {};
  const result = v.safeParse(containerConfigSchema, copy, { abortPipeEarly: true });
  if (result.success) return result.output;
  for (const issue of result.issues) {
    const problem = problemOf(issue);
    // The copy holds null where the value was no plain data: that has been said.
    if (!notPlain.some((said) => said.path === problem.path)) problems.push(problem);
  }
  return {};
}

function problemOf(issue: v.BaseIssue<unknown>): Problem {
  let path = "config";
  for (const item of issue.path ?? [])
    path = joinPath(path, typeof item.key === "number" ? item.key : String(item.key));
  const isKey = issue.path?.at(-1)?.origin === "key";
  const what = isKey ? "is named wrongly" : `is ${describeValue(issue.input)}`;
  return { path, text: `${what}, wanted ${issue.message}`, hint: hintFor(path, issue.input) };
}

function hintFor(path: string, input: unknown): string | undefined {
  const key = path.slice(path.lastIndexOf(".") + 1);
  if (typeof input === "string" && ["Cmd", "Entrypoint", "Shell", "Test", "OnBuild"].includes(key)) {
    const parts = input.trim().split(/\s+/);
    return `Write ${key}: ${JSON.stringify(parts)}, or ["/bin/sh", "-c", …] for a shell`;
  }
  if (key === "Env" && isPlainObject(input)) {
    const [name = "NAME", value = "value"] = Object.entries(input)[0] ?? [];
    return `Write Env: [${JSON.stringify(`${name}=${String(value)}`)}]`;
  }
  if (["ExposedPorts", "Volumes"].includes(key) && Array.isArray(input)) {
    return `Write ${key}: { ${JSON.stringify(String(input[0] ?? "…"))}: {} }`;
  }
  if (input === null) return "Leave the key out instead";
  return undefined;
}
