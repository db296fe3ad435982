import { byCodeUnit, type JsonValue, type UnpackArgs } from "@imgbuild/graph";
import type { Caller } from "../call.ts";
import { readSource } from "../files.ts";
import { readInteger, readOptions, readStrings } from "../options.ts";
import { type Problem, throwProblems } from "../problem.ts";
import { makeValue, recordOf, type Value } from "../source.ts";

/** Options of {@link DefinitionApi.unpack}. */
export interface UnpackOptions {
  /** How many parts are taken off the front of each path; what has no more of them is left out. Default 0. */
  readonly strip?: number;
  /** picomatch patterns of what is kept, matched after `strip`; default everything. */
  readonly include?: string | readonly string[];
  /** Patterns of what is left out; one that matches a directory leaves out all below it. */
  readonly exclude?: string | readonly string[];
}

/** {@link DefinitionApi.unpack}. */
export function makeUnpack(caller: Caller, archive: unknown, options: unknown = {}): Value<"unpack"> {
  const problems: Problem[] = [];
  const given = readOptions(options, ["strip", "include", "exclude"], problems);
  const source = readSource(caller, archive, { path: "", problems });
  const kind = source?.kind ?? "path";
  if (!["path", "fetchUrl", "runCommand", "select"].includes(kind)) {
    const hint = "Name an archive: a path, fetchUrl({…}), or what a command makes";
    problems.push({ path: "", text: `is a ${kind}, wanted one file`, hint });
  }
  const strip = readInteger(given.strip, 0, {
    path: "strip",
    max: 100,
    wanted: "a number of parts from 0 to 100",
    problems,
  });
  const args: UnpackArgs = {
    strip,
    include: readStrings(given.include, "include", problems).sort(byCodeUnit),
    exclude: readStrings(given.exclude, "exclude", problems).sort(byCodeUnit),
  };
  throwProblems("Cannot unpack an archive", problems);
  return makeValue<Value<"unpack">>({
    kind: "unpack",
    args: args as unknown as JsonValue,
    inputs: source === undefined ? [] : [source],
    position: caller.host.position(),
    summary: `unpacked ${recordOf(source)?.summary ?? kind}`,
  });
}
