import { ImgbuildError } from "@imgbuild/errors";
import type { DefinitionApi } from "./api.ts";
import { shadowSetup } from "./shadow-setup.ts";

function outside(name: string) {
  return (): never => {
    throw new ImgbuildError("usage", `Cannot call ${name}: this module is not run by imgbuild`, {
      hint: "Put the call in an image.ts and run `imgbuild build`",
    });
  };
}

/**
 * The API as a program sees it that imports "imgbuild" itself: for its types. Every function throws `usage`; in a
 * definition the running tool puts the real functions in their place.
 */
export const outsideApi: DefinitionApi = Object.freeze({
  binSh: outside("binSh"),
  buildImage: outside("buildImage"),
  buildLayeredImage: outside("buildLayeredImage"),
  caCertificates: outside("caCertificates"),
  debianPackages: outside("debianPackages"),
  defineConfig: outside("defineConfig"),
  directory: outside("directory"),
  env: outside("env"),
  exportImage: outside("exportImage"),
  fakeNss: outside("fakeNss"),
  fetchUrl: outside("fetchUrl"),
  git: Object.freeze({ head: outside("git.head") }),
  glob: outside("glob"),
  ianaEtc: outside("ianaEtc"),
  imageIndex: outside("imageIndex"),
  json: outside("json"),
  link: outside("link"),
  merge: outside("merge"),
  mergeImages: outside("mergeImages"),
  npmWorkspace: outside("npmWorkspace"),
  path: outside("path"),
  pullImage: outside("pullImage"),
  readJson: outside("readJson"),
  readText: outside("readText"),
  runCommand: outside("runCommand"),
  shadowSetup,
  streamLayeredImage: outside("streamLayeredImage"),
  text: outside("text"),
  tree: outside("tree"),
  unpack: outside("unpack"),
  usrBinEnv: outside("usrBinEnv"),
});
