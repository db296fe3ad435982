import { outsideApi } from "@imgbuild/define";

/**
 * What a definition imports, with its types; each is documented at {@link DefinitionApi}. In a definition the running
 * tool puts its own functions in their place; called by any other program they throw `usage`.
 */
export const {
  binSh,
  buildImage,
  buildLayeredImage,
  caCertificates,
  debianPackages,
  defineConfig,
  directory,
  env,
  exportImage,
  fakeNss,
  fetchUrl,
  git,
  glob,
  ianaEtc,
  imageIndex,
  json,
  link,
  merge,
  mergeImages,
  npmWorkspace,
  path,
  pullImage,
  readJson,
  readText,
  runCommand,
  shadowSetup,
  streamLayeredImage,
  text,
  tree,
  unpack,
  usrBinEnv,
} = outsideApi;
