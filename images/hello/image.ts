import { buildImage } from "imgbuild";
import { esbuild } from "../esbuild.ts";

const config = {
  Cmd: ["/bin/esbuild", "/data/hello.js"],
  WorkingDir: "/data",
  Volumes: { "/data": {} },
};

/** `runAsRoot`: `/` is the image, and the paths are those of the image. */
export default buildImage({
  name: "hello",
  copyToRoot: esbuild,
  runAsRoot: `
    mkdir -p /data
    echo 'console.log("Hello, world!");' > /data/hello.js
  `,
  config,
});

/** The same with `extraCommands`: a user without rights in the directory that becomes `/`, so the paths are relative. */
export const extraCommands = buildImage({
  name: "hello-extra-commands",
  copyToRoot: esbuild,
  extraCommands: `
    mkdir -p data
    echo 'console.log("Hello, world!");' > data/hello.js
  `,
  config,
});
