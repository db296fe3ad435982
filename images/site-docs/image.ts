import { buildImage, tree } from "imgbuild";
import site from "../site/image.ts";

export default buildImage({
  name: "site-docs",
  fromImage: site,
  copyToRoot: tree({ "/www/docs": "./pages" }),
  // A base gives its Env alone, unless more is asked for.
  inheritConfig: "all",
  labels: { "org.opencontainers.image.title": "site-docs" },
});
