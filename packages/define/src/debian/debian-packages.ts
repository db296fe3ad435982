import { ImgbuildError } from "@imgbuild/errors";
import type { DebPackageArgs, DebSystemArgs, JsonValue } from "@imgbuild/graph";
import type { Caller } from "../call.ts";
import { quote } from "../problem.ts";
import { type LayerUnit, makeValue, type Source, type Value } from "../source.ts";
import { uniteSources } from "../unions.ts";
import type { DebianPackagesValue } from "./debian-options.ts";
import type { DebianRequest, LockAnswer, LockedDeb } from "./debian-request.ts";
import { type DebianCall, debianArchitecture, readDebianCall } from "./read-debian-request.ts";

/** {@link DefinitionApi.debianPackages}. */
export function makeDebianPackages(caller: Caller, options: unknown): DebianPackagesValue {
  return packagesValue(caller, readDebianCall(options));
}

function packagesValue(caller: Caller, call: DebianCall): DebianPackagesValue {
  const known = lockedFor(caller, call.request);
  const locked = known ?? [];
  const sources = locked.map((deb) => packageSource(caller, deb, call));
  const places = new Map(locked.map(({ name }, i) => [name, i]));
  const units = locked.map(({ name, version, depends }, i): LayerUnit => {
    const needs = depends.flatMap((other) => places.get(other) ?? []);
    return { name: `${name} ${version}`, source: sources[i] as Source, dependsOn: needs };
  });
  const files = uniteSources(caller, sources, "last");
  const system = systemSource(caller, sources, call);
  const value: DebianPackagesValue = makeValue<DebianPackagesValue>({
    kind: "merge",
    args: { conflict: "last" },
    inputs: [files, system],
    position: caller.host.position(),
    summary: `Debian packages ${call.request.packages.join(" ")}`,
    shown: { files, system, installed: Object.freeze(installedOf(known, call.request)) },
    layered: {
      parts:
        units.length === 0
          ? []
          : [
              { kind: "units", units },
              { kind: "layer", source: system, over: true },
            ],
      forArchitecture(architecture) {
        const wanted = debianArchitecture(architecture);
        if (call.fixedArchitecture || wanted === call.request.architecture) return value;
        return packagesValue(caller, {
          ...call,
          request: { ...call.request, architecture: wanted },
          fixedArchitecture: true,
        });
      },
    },
  });
  return value;
}

/** Versions by name. A definition that uses them must not fail while the lock is written: what is asked for has one then, too. */
function installedOf(
  locked: readonly LockedDeb[] | undefined,
  { packages }: DebianRequest,
): Readonly<Record<string, string>> {
  if (locked !== undefined) return Object.fromEntries(locked.map(({ name, version }) => [name, version]));
  return Object.fromEntries(packages.map((name) => [name.replace(/[=/].*$/, ""), "0"]));
}

/** The value of a package: equal packages of any request have equal recipes. */
function packageSource(caller: Caller, deb: LockedDeb, { leaveOut }: DebianCall): Source {
  const { name, version, architecture, size, sha256, suite, path } = deb;
  const args: DebPackageArgs = { name, version, architecture, size, sha256, leaveOut };
  return makeValue<Value<"debPackage">>({
    kind: "debPackage",
    args: args as unknown as JsonValue,
    position: caller.host.position(),
    summary: `Debian package ${name} ${version}`,
    // Mirrors are in no key: the same file from another one is the same.
    origin: `${suite} ${path}`,
  });
}

function systemSource(caller: Caller, sources: readonly Source[], { database, helpers }: DebianCall): Source {
  const args: DebSystemArgs = { database, helpers };
  return makeValue<Value<"debSystem">>({
    kind: "debSystem",
    args: args as unknown as JsonValue,
    inputs: sources,
    position: caller.host.position(),
    summary: "system of Debian packages",
  });
}

/** What the lock has for a request; undefined while the lock is written, when there is nothing yet. */
function lockedFor(caller: Caller, request: DebianRequest): readonly LockedDeb[] | undefined {
  const reply = caller.host.ask({ kind: "debianLock", request, position: caller.host.position() });
  const names = request.packages.map(quote).join(", ");
  const action = `Cannot use ${names === "" ? `packages of Debian (${request.essential})` : `the Debian packages ${names}`}`;
  if (!("value" in reply)) throw new ImgbuildError(reply.code, `${action}: ${reply.error}`);
  const answer = reply.value as unknown as LockAnswer;
  if (answer === "collecting") return undefined;
  if ("packages" in answer) return answer.packages;
  const { suites, architecture } = request;
  const what =
    answer.missing === "lock"
      ? "there is no imgbuild.lock"
      : `imgbuild.lock does not have them as they are asked for (${suites.join(", ")}, ${architecture})`;
  throw new ImgbuildError("definition", `${action}: ${what}`, {
    hint: "Run `imgbuild lock` and commit imgbuild.lock",
  });
}
