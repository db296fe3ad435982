import { buildImage, path, tree } from "imgbuild";

/** A static binary that an npm package carries: the image needs no base. */
const server = path("//node_modules/@esbuild/linux-x64/bin/esbuild");

export default buildImage({
  name: "site",
  copyToRoot: tree({ "/bin/esbuild": server, "/www": "./public" }),
  config: {
    // `forever`: without a terminal stdin is closed, and the server would take that for its end.
    Cmd: ["/bin/esbuild", "--servedir=/www", "--serve=0.0.0.0:8080", "--watch=forever"],
    ExposedPorts: { "8080/tcp": {} },
    User: "65532:65532",
    WorkingDir: "/www",
  },
  labels: {
    "org.opencontainers.image.title": "site",
    "org.opencontainers.image.description": "A static site, its server, and nothing else",
  },
});
