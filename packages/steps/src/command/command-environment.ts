import { chmodSync, existsSync, realpathSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SandboxBind } from "@imgbuild/sandbox";
import type { Command } from "./command-args.ts";

const SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where the Node that runs imgbuild is, for commands that see programs of this machine. */
const NODE = "/.imgbuild/node";

/** The variables of a command: PATH begins with the commands of packages of npm, from the working directory upwards. */
export function environmentOf({ workingDirectory, env, machine }: Command): Record<string, string> {
  const bins: string[] = [];
  for (let at = workingDirectory; at !== "/"; at = dirname(at)) bins.push(`${at}/node_modules/.bin`);
  const node = machine === null ? [] : [`${NODE}/bin`];
  return { PATH: [...bins, ...node, SYSTEM, "/.imgbuild/tools"].join(":"), ...env };
}

/** Brings the Node at `path`, and the npm beside it, to a place that is the same on every machine. `directory` is for helpers. */
export function nodeBinds(path: string, directory: string): SandboxBind[] {
  const prefix = dirname(dirname(path));
  const npm = `${prefix}/lib/node_modules/npm`;
  const binds: SandboxBind[] = [{ source: path, target: `${NODE}/bin/node`, readOnly: true }];
  if (existsSync(`${npm}/bin/npm-cli.js`)) {
    binds.push({ source: npm, target: `${NODE}/lib/node_modules/npm`, readOnly: true });
    for (const name of ["npm", "npx"]) {
      const source = `${directory}/${name}`;
      const text = `#!/bin/sh\nexec ${NODE}/bin/node ${NODE}/lib/node_modules/npm/bin/${name}-cli.js "$@"\n`;
      writeFileSync(source, text);
      chmodSync(source, 0o755);
      binds.push({ source, target: `${NODE}/bin/${name}`, readOnly: true });
    }
  }
  // For addons that are compiled.
  const headers = `${prefix}/include/node`;
  if (existsSync(headers)) binds.push({ source: headers, target: `${NODE}/include/node`, readOnly: true });
  return binds;
}

/** What names hosts and authorities on this machine. */
const NETWORK_FILES = ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl/certs", "/etc/pki/tls/certs"];

/** What a command that uses the network finds beside. */
export function networkBinds(): SandboxBind[] {
  return NETWORK_FILES.filter((path) => existsSync(path)).map((path) => ({
    source: realpathSync(path),
    target: path,
    readOnly: true,
  }));
}

/**
 * What a command without network knows hosts by: itself, as tools that start servers of their own or only ask for `localhost` expect.
 * By IPv4 alone, so that it does not depend on whether this machine has IPv6. `directory` is for helpers.
 */
export function localhostBind(directory: string, { machine }: Pick<Command, "machine">): SandboxBind {
  const source = `${directory}/hosts`;
  writeFileSync(source, "127.0.0.1 localhost\n");
  chmodSync(source, 0o644);
  return { source, target: "/etc/hosts", readOnly: true, yields: machine === null };
}
