import { ImgbuildError } from "@imgbuild/errors";
import { type Closure, closureOf } from "@imgbuild/npm";
import type { Caller } from "../call.ts";
import { type LayerPart, makeValue } from "../source.ts";
import { join } from "./find-lock.ts";
import { type FoundWorkspace, findWorkspace } from "./find-workspace.ts";
import { checkScriptRules } from "./install-scripts.ts";
import { NpmMemory } from "./npm-memory.ts";
import type { NpmRequest, NpmWorkspaceValue } from "./npm-options.ts";
import { type PlacedClosure, placeClosure } from "./placed-closure.ts";
import { readNpmRequest } from "./read-npm-request.ts";

/** {@link DefinitionApi.npmWorkspace}. */
export function makeNpmWorkspace(caller: Caller, options: unknown): NpmWorkspaceValue {
  const memory = NpmMemory.of(caller);
  const request = readNpmRequest(caller, options);
  return workspaceValue(caller, { memory, request, found: findWorkspace(caller, memory, request), warn: true });
}

interface Call {
  readonly memory: NpmMemory;
  readonly request: NpmRequest;
  readonly found: FoundWorkspace;
  /** False when what there is to say was said. */
  readonly warn: boolean;
}

function workspaceValue(caller: Caller, call: Call): NpmWorkspaceValue {
  const { memory, request, found } = call;
  const closure = closureFor(caller, call);
  checkScriptRules(found.lock, request);
  if (call.warn) for (const warning of closure.warnings) caller.host.warn(warning);
  const other = (architecture: string) => otherWorkspace(caller, call, { closure, architecture });
  const placed = placeClosure(caller, closure, {
    ...{ found, memory, request },
    otherPackages: (architecture) => other(architecture)?.thirdParty,
  });
  const { thirdParty, firstParty, app, workingDirectory } = placed;
  const value: NpmWorkspaceValue = makeValue<NpmWorkspaceValue>({
    kind: "merge",
    args: { conflict: "error" },
    inputs: [thirdParty, firstParty, app],
    position: caller.host.position(),
    summary: `npm workspace ${closure.workspace || "of the root"}`,
    shown: { thirdParty, firstParty, app, workingDirectory },
    layered: { parts: partsOf(placed), forArchitecture: (architecture) => other(architecture) ?? value },
  });
  return value;
}

function closureFor(caller: Caller, { memory, request, found }: Call): Closure {
  const { platform, dependencies, optional, optionalPeers } = request;
  const readManifest = (directory: string) => memory.text(caller, join(join(found.root, directory), "package.json"));
  const { workspace } = found;
  return closureOf(found.lock, { workspace, platform, dependencies, optional, optionalPeers, readManifest });
}

/** The layers of a workspace, what changes most on top. */
function partsOf({ units, firstParty, app }: PlacedClosure): readonly LayerPart[] {
  const parts: LayerPart[] = [
    { kind: "units", units },
    { kind: "layer", source: firstParty },
    { kind: "layer", source: app },
  ];
  return parts.filter((part) => (part.kind === "units" ? part.units.length : part.source.inputs.length) > 0);
}

/** The same workspace for images of another architecture; undefined when it is as it is. */
function otherWorkspace(
  caller: Caller,
  call: Call,
  { closure, architecture }: { readonly closure: Closure; readonly architecture: string },
): NpmWorkspaceValue | undefined {
  const { request } = call;
  if (request.platform.architecture === architecture) return undefined;
  if (request.fixedArchitecture) {
    refuseNative(closure, { wanted: architecture, given: request.platform.architecture });
    return undefined;
  }
  const platform = { ...request.platform, architecture };
  return workspaceValue(caller, { ...call, warn: false, request: { ...request, platform, fixedArchitecture: true } });
}

function refuseNative(closure: Closure, { wanted, given }: { readonly wanted: string; readonly given: string }): void {
  const native = closure.units.find((unit) => unit.kind === "package" && unit.cpu.length > 0);
  if (native?.kind !== "package") return;
  throw new ImgbuildError(
    "definition",
    `Cannot use an npm workspace for linux/${given} where linux/${wanted} is wanted: "${native.name}@${native.version}" runs on ${native.cpu.join(" or ")}`,
    {
      hint: "Leave platform.architecture of npmWorkspace out, so that it follows its image, or set architecture of the image",
    },
  );
}
