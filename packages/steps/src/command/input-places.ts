import type { DerivationId, Graph, PathArgs, TreeArgs } from "@imgbuild/graph";
import { joinPath } from "../tree/follow-links.ts";

/** A directory of the sandbox that stands for one of the workspace; both without leading `/`. */
export interface InputPlace {
  readonly place: string;
  readonly workspace: string;
}

/** Where files of the workspace would be, judged by where those are that were declared. Longest place first. */
export function inputPlaces(inputs: DerivationId | undefined, graph: Graph): InputPlace[] {
  const found = new Map<string, InputPlace>();
  const add = (place: string, workspace: string): void => {
    // packages/api at app/packages/api says that app stands for the whole.
    const [a, b] = [place === "" ? [] : place.split("/"), workspace === "" ? [] : workspace.split("/")];
    while (a.length > 0 && b.length > 0 && a.at(-1) === b.at(-1)) {
      a.pop();
      b.pop();
    }
    const wider = { place: a.join("/"), workspace: b.join("/") };
    for (const each of [{ place, workspace }, wider]) found.set(JSON.stringify(each), each);
  };
  const visit = (id: DerivationId, place: string): void => {
    const derivation = graph.derivations.get(id);
    if (derivation?.kind === "path") add(place, (derivation.args as unknown as PathArgs).path);
    const destinations =
      derivation?.kind === "tree" ? (derivation.args as unknown as TreeArgs).destinations : undefined;
    if (derivation?.kind !== "tree" && derivation?.kind !== "merge") return;
    derivation.inputs.forEach((input, i) => {
      const below = destinations?.[i] ?? "";
      visit(input, below === "" ? place : joinPath(place, below));
    });
  };
  if (inputs !== undefined) visit(inputs, "");
  add("work", "");
  return [...found.values()].sort((a, b) => b.place.length - a.place.length);
}

/** The paths of the workspace that a path of the sandbox may stand for. */
export function workspacePaths(path: string, places: readonly InputPlace[]): string[] {
  const found = places.flatMap(({ place, workspace }) => {
    if (place === path) return [workspace];
    const prefix = place === "" ? "" : `${place}/`;
    return path.startsWith(prefix) ? [joinPath(workspace, path.slice(prefix.length))] : [];
  });
  return [...new Set(found)].filter((each) => each !== "");
}
