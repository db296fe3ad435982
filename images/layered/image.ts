import { buildImage, buildLayeredImage, streamLayeredImage, text, tree } from "imgbuild";
import { esbuild } from "../esbuild.ts";

const script = tree({ "/app/main.js": text('console.log("in layers");\n') });
const contents = [esbuild, script];
const config = { Cmd: ["/bin/esbuild", "/app/main.js"] };

/** A layer for each unit: who changes the script sends Docker the script. */
export default buildLayeredImage({ name: "layered", contents, config });

/** The same image, for `imgbuild stream //images/layered:streamed | docker load`. */
export const streamed = streamLayeredImage({ name: "layered", contents, config });

/** Layers on top of layers: of the same contents nothing is stored twice. */
export const onTop = buildLayeredImage({
  name: "layered-on-top",
  fromImage: streamed,
  contents: [...contents, tree({ "/app/more.js": text('console.log("and one more");\n') })],
  config: { Cmd: ["/bin/esbuild", "/app/more.js"] },
  maxLayers: 10,
});

/** One layer on top of layers. */
export const single = buildImage({
  name: "single-on-layered",
  fromImage: streamed,
  copyToRoot: tree({ "/app/main.js": text('console.log("replaced on top");\n') }),
  inheritConfig: ["Cmd"],
});
