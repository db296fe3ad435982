import { type Closure, closureOf } from "@imgbuild/npm";
import type { Caller } from "../call.ts";
import { type Layered, type LayerPart, makeValue, type Source } from "../source.ts";
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
  const placed = placeClosure(caller, closure, { found, memory, request });
  const { thirdParty, firstParty, app, workingDirectory } = placed;
  const value: NpmWorkspaceValue = makeValue<NpmWorkspaceValue>({
    kind: "merge",
    args: { conflict: "error" },
    inputs: [thirdParty, firstParty, app],
    position: caller.host.position(),
    summary: `npm workspace ${closure.workspace || "of the root"}`,
    shown: { thirdParty, firstParty, app, workingDirectory },
    layered: layeredOf(caller, { call, placed, self: () => value }),
  });
  return value;
}

function closureFor(caller: Caller, { memory, request, found }: Call): Closure {
  const { platform, dependencies, optional, optionalPeers } = request;
  const readManifest = (directory: string) => memory.text(caller, join(join(found.root, directory), "package.json"));
  const { workspace } = found;
  return closureOf(found.lock, { workspace, platform, dependencies, optional, optionalPeers, readManifest });
}

function layeredOf(
  caller: Caller,
  { call, placed, self }: { readonly call: Call; readonly placed: PlacedClosure; readonly self: () => Source },
): Layered {
  const { request } = call;
  const parts: LayerPart[] = [
    { kind: "units", units: placed.units },
    { kind: "layer", source: placed.firstParty },
    { kind: "layer", source: placed.app },
  ];
  return {
    parts: parts.filter((part) => (part.kind === "units" ? part.units.length : part.source.inputs.length) > 0),
    forArchitecture(architecture) {
      if (request.fixedArchitecture || request.platform.architecture === architecture) return self();
      const platform = { ...request.platform, architecture };
      return workspaceValue(caller, {
        ...call,
        warn: false,
        request: { ...request, platform, fixedArchitecture: true },
      });
    },
  };
}
