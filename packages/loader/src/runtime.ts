import { createHash } from "node:crypto";
import { join } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";

/** The program that runs inside the context: the API for definitions, and what takes clock and randomness away. */
export interface Runtime {
  /** A script whose value is the function `install`. */
  readonly code: string;
  /** Changes when the code, or the esbuild that made it, does. Part of every evaluation's key. */
  readonly digest: string;
}

/** A runtime from its code, as {@link buildRuntime} made it earlier. */
export function runtimeFrom(code: string): Runtime {
  return { code, digest: createHash("sha256").update(code).digest("hex") };
}

/** Bundles the runtime from the sources of this repository; `packages` is the absolute path of its packages directory. */
export async function buildRuntime(packages: string): Promise<Runtime> {
  const esbuild = await import("esbuild");
  const result = await esbuild.build({
    entryPoints: [join(packages, "loader/src/guest/main.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "guest",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "node20",
    charset: "utf8",
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: "silent",
    banner: { js: `(() => {/* esbuild ${esbuild.version} */` },
    footer: { js: "return guest.install})()" },
    plugins: [
      {
        name: "no-node",
        setup(build) {
          // Packages of this repository may hold node built-ins in parts that the runtime does not use.
          build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
          build.onResolve({ filter: /^@imgbuild\/[a-z]+$/ }, ({ path }) => ({
            path: join(packages, path.slice("@imgbuild/".length), "src/index.ts"),
            sideEffects: false,
          }));
          build.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir, importer }) => {
            const ours = importer.startsWith(packages) && !importer.includes("/node_modules/");
            return ours ? { path: join(resolveDir, path), sideEffects: false } : undefined;
          });
        },
      },
    ],
  });
  const code = result.outputFiles[0]?.text ?? "";
  const leftover = /__require\("([^"]+)"\)/.exec(code)?.[1];
  if (leftover === undefined) return runtimeFrom(code);
  throw new ImgbuildError("internal", `Internal error: the runtime of definitions needs "${leftover}"`);
}
