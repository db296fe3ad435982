import { buildImage, text, tree } from "imgbuild";
import { esbuild } from "../esbuild.ts";

/** Files `/tmp/layerN.js` that say which image wrote them. */
function written(by: string, ...files: readonly number[]) {
  return tree(Object.fromEntries(files.map((n) => [`/tmp/layer${n}.js`, text(`console.log("${by}");\n`)])));
}

const l1 = buildImage({ name: "order-1", copyToRoot: [esbuild, written("layer1", 1, 2, 3)] });
const l2 = buildImage({ name: "order-2", fromImage: l1, copyToRoot: written("layer2", 2, 3) });

/** Three images in a stack: what is above wins, so that file N says layerN. */
export default buildImage({
  name: "order",
  fromImage: l2,
  copyToRoot: written("layer3", 3),
  config: { Entrypoint: ["/bin/esbuild"], Cmd: ["/tmp/layer1.js"] },
});
