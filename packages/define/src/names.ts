/** The names that `import { … } from "imgbuild"` gives in a definition. */
export const API_NAMES = [
  "buildImage",
  "defineConfig",
  "directory",
  "env",
  "git",
  "glob",
  "json",
  "link",
  "merge",
  "path",
  "readJson",
  "readText",
  "text",
  "tree",
] as const;
