import { combineErrors, ImgbuildError } from "@imgbuild/errors";
import type { BuildFailure, BuildResult, Metafile } from "esbuild";
import { errorsOfMessages } from "./bundle-errors.ts";
import { API_NAMESPACE, DEFINITION_PREFIX, definitionPlugin, ENTRY_FILE } from "./bundle-plugin.ts";

/** What the modules of a bundle are loaded as. */
export type EntryKind = "targets" | "config";

/** All definitions in one script, and what it was made from. */
export interface Bundle {
  readonly code: string;
  /** Source map as JSON. Sources are relative to the workspace. */
  readonly map: string;
  /** Files of the closure, relative to the workspace → what each imports. */
  readonly imports: ReadonlyMap<string, readonly ImportEdge[]>;
}

/** One import of one file by another. */
interface ImportEdge {
  /** The imported file, relative to the workspace. */
  readonly path: string;
  /** As written; undefined where esbuild does not say. */
  readonly original: string | undefined;
}

const EXTENSIONS = [".ts", ".mts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".json"];

/** The order in which an import without an extension is tried. */
export const RESOLVE_EXTENSIONS: readonly string[] = EXTENSIONS;

/** Bundles definitions (paths relative to the workspace) with one call of esbuild. Throws all its errors together. */
export async function bundleDefinitions(
  workspaceRoot: string,
  files: readonly string[],
  kind: EntryKind,
): Promise<Bundle> {
  const esbuild = await import("esbuild").catch((error: unknown) => {
    throw new ImgbuildError("unsupported", "Cannot load esbuild, which reads definitions", {
      hint: "Install imgbuild again on this machine, with its optional dependencies",
      cause: error,
    });
  });
  const modules = files.map((file, i) => {
    return `{file: ${JSON.stringify(file)}, load: () => require("${DEFINITION_PREFIX}${i}")}`;
  });
  const result = await esbuild
    .build({
      stdin: {
        contents: `__imgbuild.run([${modules.join(",\n")}], ${JSON.stringify(kind)});`,
        resolveDir: workspaceRoot,
        sourcefile: ENTRY_FILE,
        loader: "js",
      },
      absWorkingDir: workspaceRoot,
      outfile: "imgbuild-definitions.js",
      bundle: true,
      write: false,
      metafile: true,
      format: "cjs",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["import", "module"],
      resolveExtensions: EXTENSIONS,
      target: "node20",
      // A computed import() would reject with an error object of the host: a way out of the context.
      // Without async functions of the language, promises are those that the context gives: none.
      supported: { "dynamic-import": false, "async-await": false, "async-generator": false, "for-await": false },
      // Code without effect may still read the clock: it is run to tell.
      treeShaking: false,
      // Packages that find no "global" ask for it with eval.
      define: { global: "globalThis" },
      // Names that two modules share are told apart in the bundle: without this, fn.name would depend on the neighbours.
      keepNames: true,
      sourcemap: "external",
      sourcesContent: false,
      charset: "utf8",
      logLevel: "silent",
      logLimit: 0,
      plugins: [definitionPlugin(workspaceRoot, files)],
    })
    .catch((error: unknown) => {
      if (!isBuildFailure(error)) throw error;
      throw errorsOfMessages(error.errors);
    });
  const metaUses = result.warnings.filter(
    (warning) => warning.id === "empty-import-meta" && isOwn(warning.location?.file),
  );
  if (metaUses.length > 0) throw errorsOfMessages(metaUses);
  const imports = importsOf(result.metafile);
  refuseOutsiders(imports.keys());
  return { ...outputs(result), imports };
}

/** Files reached through symbolic links that leave the workspace. Packages above it are as good as those inside. */
function refuseOutsiders(files: Iterable<string>): void {
  const outside = [...files].filter((file) => file.startsWith("../") && !file.includes("node_modules/"));
  if (outside.length === 0) return;
  const errors = outside.map((file) => {
    return new ImgbuildError("path-escape", `Cannot load "${file}": it is outside the workspace`, {
      hint: "Replace the symbolic link that leads there by the file",
    });
  });
  throw combineErrors(errors);
}

function isOwn(file: string | undefined): boolean {
  return file !== undefined && !file.includes("node_modules/");
}

function outputs(result: BuildResult<{ write: false }>): Pick<Bundle, "code" | "map"> {
  const find = (end: string) => result.outputFiles.find((file) => file.path.endsWith(end))?.text ?? "";
  return { code: find(".js"), map: find(".js.map") };
}

function importsOf(metafile: Metafile): Map<string, ImportEdge[]> {
  const out = new Map<string, ImportEdge[]>();
  for (const [path, input] of Object.entries(metafile.inputs)) {
    if (path.startsWith(`${API_NAMESPACE}:`) || path === ENTRY_FILE || path === "<stdin>") continue;
    const edges = input.imports.filter((edge) => edge.external !== true && !edge.path.startsWith(`${API_NAMESPACE}:`));
    out.set(
      path,
      edges.map((edge) => ({ path: edge.path, original: edge.original })),
    );
  }
  return out;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return typeof error === "object" && error !== null && Array.isArray((error as Partial<BuildFailure>).errors);
}
