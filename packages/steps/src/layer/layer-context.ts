import type { DerivationId, Output } from "@imgbuild/graph";
import type { LayerIndexes } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { ResolveContext } from "../tree/resolve-tree.ts";

/** What telling the members of a layer needs: the graph, what sweeps found, and what the steps below gave. */
export interface LayerContext extends Pick<ResolveContext, "graph" | "swept"> {
  /** The output of a derivation below; undefined when it is not known. */
  readonly outputOf: (id: DerivationId) => Output | undefined;
  /** Where trees that steps made are kept. */
  readonly store: Store;
  /** What layers of bases hold. */
  readonly indexes: LayerIndexes;
}
