import { buildImage, buildLayeredImage } from "imgbuild";
import { esbuild } from "../esbuild.ts";

/** What a container does; its environment is what the example is about. */
const Cmd = ["/bin/esbuild", "--version"];

const parent = buildImage({
  name: "environment-parent",
  copyToRoot: esbuild,
  config: { Env: ["FROM_PARENT=true", "LAST_LAYER=parent"], User: "65532", Labels: { origin: "parent" } },
});

const Env = ["FROM_CHILD=true", "LAST_LAYER=child"];

/** A base gives its Env: one entry a variable, and the child's value counts. Nothing else of its config. */
export default buildImage({ name: "environment", fromImage: parent, config: { Env, Cmd } });

/** Layers inherit in the same way. */
export const layered = buildLayeredImage({ name: "environment-layered", fromImage: parent, config: { Env, Cmd } });

/** All of the base's config, but for one thing. */
export const heir = buildImage({
  name: "environment-heir",
  fromImage: parent,
  inheritConfig: "all",
  unset: ["User"],
  config: { Env, Cmd },
});
