import { existsSync, realpathSync } from "node:fs";
import { builtinModules } from "node:module";
import { isAbsolute, join, relative, resolve } from "node:path";
import { API_NAMES } from "@imgbuild/define";
import type { ErrorCode } from "@imgbuild/errors";
import type { PartialMessage, Plugin } from "esbuild";

/** What an error message of the plugin carries beside its text. */
export interface MessageDetail {
  readonly code: ErrorCode;
  readonly hint: string;
}

/** Namespace of the module that `import "imgbuild"` gives. Its path is the importing file, relative to the workspace. */
export const API_NAMESPACE = "imgbuild-api";

/** Name of the virtual module that loads the definitions. */
export const ENTRY_FILE = "imgbuild-entry.js";

const BUILTINS = builtinModules.filter((name) => /^[a-z]/.test(name)).map((name) => name.replace("/", "\\/"));
const BUILTIN_FILTER = new RegExp(`^(node:.*|${BUILTINS.join("|")})$`);

/** What the entry imports: this and the place in the list of definitions. A path may hold what esbuild reads in its own way. */
export const DEFINITION_PREFIX = "imgbuild-definition:";

/** Binds "imgbuild" to the importing file, refuses built-ins of Node and paths that leave the workspace. */
export function definitionPlugin(workspaceRoot: string, definitions: readonly string[]): Plugin {
  return {
    name: "imgbuild",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${DEFINITION_PREFIX}\\d+$`) }, ({ path }) => {
        const file = definitions[Number(path.slice(DEFINITION_PREFIX.length))] ?? "";
        const place = join(workspaceRoot, file);
        // Links count as what they lead to, as everywhere in a bundle; what comes from a plugin is not followed by esbuild.
        return existsSync(place)
          ? { path: realpathSync(place) }
          : { errors: [{ text: `Could not resolve "./${file}"` }] };
      });
      build.onResolve({ filter: /^imgbuild$/ }, ({ importer }) => ({
        path: relative(workspaceRoot, importer),
        namespace: API_NAMESPACE,
      }));
      build.onLoad({ filter: /.*/, namespace: API_NAMESPACE }, ({ path }) => ({
        contents: `export const { ${API_NAMES.join(", ")} } = __imgbuild.api(${JSON.stringify(path)});`,
        loader: "js",
      }));
      build.onResolve({ filter: BUILTIN_FILTER }, ({ path }) => ({ errors: [builtinMessage(path)] }));
      build.onResolve({ filter: /^(\.\/)*(\.\.(\/|$)|\/)/ }, ({ path, resolveDir, importer }) => {
        if (importer.includes("/node_modules/") || !leaves(workspaceRoot, resolve(resolveDir, path))) return undefined;
        const hint = "Move the module into the workspace, or move imgbuild.config.ts further up";
        const detail: MessageDetail = { code: "path-escape", hint };
        return { errors: [{ text: `the import "${path}" leaves the workspace`, detail }] };
      });
    },
  };
}

function builtinMessage(path: string): PartialMessage {
  const name = path.replace(/^node:/, "");
  const hints: Readonly<Record<string, string>> = {
    fs: 'Read files with readText, readJson or glob from "imgbuild"',
    "fs/promises": 'Read files with readText, readJson or glob from "imgbuild"',
    path: 'Give paths relative to the definition: path("./x")',
    url: 'Give paths relative to the definition: path("./x")',
    process: 'Read a variable with env("NAME") from "imgbuild"',
    crypto: "Let the input hash tell images apart: leave the tag out",
    child_process: "Prepare files before the build, or read the commit with git.head()",
  };
  const hint = hints[name] ?? "Use only the functions of imgbuild and modules without Node's own";
  const detail: MessageDetail = { code: "impure-definition", hint };
  return { text: `it imports "${path}", which a definition may not use`, detail };
}

function leaves(workspaceRoot: string, path: string): boolean {
  const inside = relative(workspaceRoot, path);
  return inside === ".." || inside.startsWith("../") || isAbsolute(inside);
}
