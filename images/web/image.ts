import { buildImage, debianPackages, tree } from "imgbuild";

/** A static site behind nginx, from packages of Debian; runs as an ordinary user, and on a read-only root. */
export default buildImage({
  name: "web",
  copyToRoot: [
    debianPackages({
      suite: "bookworm",
      packages: ["nginx"],
      essential: "base",
      // Its scripts ask whether port 80 is taken; they are not run.
      without: ["iproute2"],
      documentation: false,
    }),
    tree({ "/etc/web/nginx.conf": "./nginx.conf", "/srv/web": "./public" }),
  ],
  config: {
    Cmd: ["/usr/sbin/nginx", "-c", "/etc/web/nginx.conf"],
    ExposedPorts: { "8080/tcp": {} },
    StopSignal: "SIGQUIT",
    User: "www-data",
    Volumes: { "/tmp": {} },
  },
});
