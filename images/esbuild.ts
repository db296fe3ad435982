import { path, tree } from "imgbuild";

/** A static program, from the npm package that carries it: what the small examples run. It prints the script that it is given. */
export const esbuild = tree({ "/bin/esbuild": path("//node_modules/@esbuild/linux-x64/bin/esbuild") });
