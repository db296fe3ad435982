import { buildImage, debianPackages, directory, tree } from "imgbuild";

/** Nobody's number in the image: redis runs without any rights but to its data. */
const user = 999;

/** The redis of the dockerTools manual, from packages of Debian. */
export default buildImage({
  name: "redis",
  copyToRoot: [
    debianPackages({
      suite: "bookworm",
      packages: ["redis-server"],
      essential: "base",
      // It makes the account "redis" on a machine; this image has its own.
      without: ["adduser"],
      documentation: false,
    }),
    tree({ "/data": directory() }, { uid: user, gid: user }),
  ],
  config: {
    Cmd: ["/usr/bin/redis-server", "--protected-mode", "no"],
    ExposedPorts: { "6379/tcp": {} },
    Healthcheck: { Test: ["CMD", "/usr/bin/redis-cli", "ping"], Interval: 10_000_000_000 },
    User: `${user}:${user}`,
    Volumes: { "/data": {} },
    WorkingDir: "/data",
  },
});
