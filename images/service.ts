import { buildImage, debianPackages, type ImageValue, npmWorkspace, runCommand, tree } from "imgbuild";

/** What the services of this repository run on: Debian with Node, and the certificates that TLS needs. */
const system = debianPackages({
  suite: "trixie",
  packages: ["nodejs", "ca-certificates"],
  // Neither a shell nor a package manager: nothing in these images runs them.
  essential: "base",
  documentation: false,
});

/** How a service differs from the others. */
export interface ServiceOptions {
  /** Its workspace: `images/NAME`. */
  readonly name: string;
  /** The file that starts it, in its `dist`. */
  readonly main: string;
  /** The file that tells whether it works, in its `dist`. */
  readonly health?: string;
  readonly port?: number;
}

/** An image of one of the services here: Debian, packages, packages of this repository, and what the compiler made. */
export function serviceImage({ name, main, health, port }: ServiceOptions): ImageValue {
  const workspace = `images/${name}`;
  // The sources and their compiler, at the places that they have in the repository.
  const sources = npmWorkspace({ workspace, dependencies: ["typescript", "@types/node"], dest: "/work" });
  const compiled = runCommand({
    command: ["node_modules/.bin/tsc", "-b", workspace],
    inputs: [sources, "./tsconfig.service.json"],
    workingDirectory: "//",
    outputs: [`${workspace}/dist`, "images/jobs/dist"],
  });
  const app = npmWorkspace({ workspace, include: "package.json" });
  const node = (file: string) => ["/usr/bin/node", `dist/${file}`];
  return buildImage({
    name,
    copyToRoot: [system, app, tree({ "/app": compiled })],
    config: {
      Cmd: node(main),
      Env: ["NODE_ENV=production"],
      User: "65532:65532",
      WorkingDir: app.workingDirectory,
      ...(port === undefined ? {} : { ExposedPorts: { [`${port}/tcp`]: {} } }),
      ...(health === undefined ? {} : { Healthcheck: { Test: ["CMD", ...node(health)], Interval: 10_000_000_000 } }),
    },
    labels: { "org.opencontainers.image.title": name },
  });
}
