import { outsideApi } from "@imgbuild/define";

/**
 * What a definition imports, with its types; each is documented at {@link DefinitionApi}. In a definition the running
 * tool puts its own functions in their place; called by any other program they throw `usage`.
 */
export const {
  buildImage,
  buildLayeredImage,
  defineConfig,
  directory,
  env,
  git,
  glob,
  json,
  link,
  merge,
  npmWorkspace,
  path,
  readJson,
  readText,
  streamLayeredImage,
  text,
  tree,
} = outsideApi;
