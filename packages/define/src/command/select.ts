import type { RunCommandArgs, SelectArgs } from "@imgbuild/graph";
import type { Caller } from "../call.ts";
import { describeValue } from "../plain.ts";
import { type Problem, quote, throwProblems } from "../problem.ts";
import { makeValue, type Source, type Value } from "../source.ts";
import { placeOf } from "./command-inputs.ts";

/** One output of a command that has several, or something in one of them. */
export function selectFrom(
  caller: Caller,
  value: Source,
  { path, outputs, shape }: { readonly path: unknown } & Pick<RunCommandArgs, "outputs" | "shape">,
): Source {
  const problems: Problem[] = [];
  const text = typeof path === "string" ? path : "";
  const place = placeOf(text, { workingDirectory: "", path: "", problems: [] });
  const isKnown = place !== undefined && outputs.some((output) => output === place || place.startsWith(`${output}/`));
  if (!isKnown || text.startsWith("/")) {
    const what = typeof path === "string" ? `= ${quote(path)}` : `is ${describeValue(path)}`;
    problems.push({ path: "output", text: `${what}, wanted one of the outputs ${outputs.map(quote).join(", ")}` });
  }
  throwProblems("Cannot take an output of a command", problems);
  if (shape === "content" && outputs[0] === place) return value;
  const inside = shape === "content" ? (place ?? "").slice((outputs[0] ?? "").length + 1) : (place ?? "");
  return makeValue<Value<"select">>({
    kind: "select",
    args: { path: inside } satisfies SelectArgs,
    inputs: [value],
    position: caller.host.position(),
    summary: `output ${text}`,
  });
}
