import type { TreeLink, Unit } from "./closure.ts";

/** Why one package needs another, as npm names it. */
export type EdgeType = "prod" | "dev" | "optional" | "peer" | "peerOptional";

/** A dependency in a lock, resolved as Node will resolve it. */
export interface GraphEdge {
  /** The name that is required. */
  readonly name: string;
  readonly range: string;
  readonly type: EdgeType;
  /** Install path of what is found; undefined when the lock has nothing. */
  readonly to: string | undefined;
  /** The link through which it is found. */
  readonly link: TreeLink | undefined;
}

/** One package of a lock before anything is chosen. */
export interface GraphNode {
  readonly installPath: string;
  /** As shown in messages: `left-pad@1.3.0`. */
  readonly title: string;
  readonly edges: readonly GraphEdge[];
  /** Why it cannot run on the target platform; undefined when it can. */
  readonly misfit: string | undefined;
  /** The unit whose tarball holds it, when it is bundled. */
  readonly within: string | undefined;
}

/** What a lock says, in the terms that the walk of a closure needs. Nodes are made when asked for. */
export interface PackageGraph {
  node(installPath: string): GraphNode;
  /**
   * The unit of a node that was reached and is not bundled. Throws what is wrong with it: no integrity, a git
   * dependency, a directory outside of the root.
   */
  unit(installPath: string, optional: boolean): Unit;
  /** Name and version of a bundled node. */
  about(installPath: string): { readonly name: string; readonly version: string | undefined };
}
