/** What a package may import, and where it stands. */
export interface LayerRow {
  /** A package imports lower levels; within a level only what its row names. `dev` is for tests. */
  readonly level: 0 | 1 | 2 | 3 | 4 | 5 | "dev";
  /** Names of packages, without scope. */
  readonly mayImport: readonly string[];
}

const BELOW_STEPS = [
  "errors",
  "oci",
  "tar",
  "store",
  "graph",
  "fetch",
  "npm",
  "debian",
  "image",
  "registry",
  "sandbox",
];

/** The table of ARCHITECTURE.md, "Parts": who may import whom. A package that is not in it has no right to exist. */
export const LAYERS: Readonly<Record<string, LayerRow>> = {
  errors: { level: 0, mayImport: [] },
  oci: { level: 0, mayImport: ["errors"] },
  tar: { level: 1, mayImport: ["errors"] },
  store: { level: 1, mayImport: ["errors", "oci"] },
  graph: { level: 1, mayImport: ["errors", "oci"] },
  fetch: { level: 1, mayImport: ["errors", "oci"] },
  npm: { level: 1, mayImport: ["errors", "oci"] },
  debian: { level: 2, mayImport: ["errors", "oci", "tar"] },
  image: { level: 2, mayImport: ["errors", "oci", "tar", "store"] },
  registry: { level: 2, mayImport: ["errors", "oci", "fetch"] },
  sandbox: { level: 2, mayImport: ["errors", "oci", "tar", "store"] },
  define: { level: 2, mayImport: ["errors", "oci", "graph", "npm"] },
  scheduler: { level: 3, mayImport: ["errors", "graph"] },
  steps: { level: 3, mayImport: BELOW_STEPS },
  deliver: { level: 3, mayImport: BELOW_STEPS },
  loader: { level: 4, mayImport: ["errors", "graph", "define"] },
  watch: { level: 4, mayImport: ["errors", "graph"] },
  report: { level: 4, mayImport: ["errors", "graph"] },
  imgbuild: {
    level: 5,
    mayImport: [...BELOW_STEPS, "define", "scheduler", "steps", "deliver", "loader", "watch", "report"],
  },
  testkit: { level: "dev", mayImport: [...BELOW_STEPS, "define", "scheduler", "steps", "deliver"] },
};

/** A use of the outside world that a file of levels 0 to 3 has for a reason. */
export interface AmbientException {
  /** `packages/…`. */
  readonly file: string;
  readonly use: string;
  readonly reason: string;
}

/** What levels 0 to 3 take from the machine although it could be passed in. */
export const AMBIENT_EXCEPTIONS: readonly AmbientException[] = [];
