import { buildLayeredImage, npmWorkspace } from "imgbuild";

const app = npmWorkspace({ workspace: "." });

export default buildLayeredImage({
  name: "api",
  contents: app,
  config: { Cmd: ["/usr/bin/node", "dist/server.js"], WorkingDir: app.workingDirectory },
});
