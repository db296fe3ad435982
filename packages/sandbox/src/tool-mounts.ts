import { basename } from "node:path";
import type { HostTools } from "./host-tools.ts";
import { shQuote as q } from "./sh-quote.ts";

const NO_SHELL = "no shell of the root runs on this machine";

/**
 * Shell text that gives a root without a shell the tools of this machine, under /.imgbuild; ends the run where that cannot be
 * done. The root's own files always win: a C library of its own might not fit the tools, so then nothing is brought in.
 */
export function toolMounts(tools: HostTools): string {
  if (tools.kind === "none") return `die "no-shell ${NO_SHELL}, and this machine has none to lend"`;
  if (tools.kind === "static") {
    return [
      `: > guest/host; mount --bind ${q(tools.busybox)} root/.imgbuild/host 2>&4 || die "cannot lend a shell"`,
      "read_only root/.imgbuild/host",
      "shell=/.imgbuild/tools/sh",
    ].join("\n");
  }
  const taken = tools.libraries.map(
    (path) => `[ ! -e ${q(`root${path}`)} ] || die "no-shell ${NO_SHELL}, and it has a ${basename(path).replace(/[^\w.+-]/g, "_")} that those of this machine cannot use"`,
  );
  const binds = tools.libraries.map((path) => `bind ${q(path)} ${q(path.slice(1))} ro`);
  return [
    ...taken,
    ...binds,
    `mkdir -p guest/host; mount --bind ${q(tools.directory)} root/.imgbuild/host 2>&4 || die "cannot lend a shell"`,
    "read_only root/.imgbuild/host",
    `shell=/.imgbuild/tools/${tools.programs.has("bash") ? "bash" : "sh"}`,
  ].join("\n");
}

/** The links in /.imgbuild/tools, by name: they lead somewhere once the tools are mounted. */
export function toolLinks(tools: HostTools): ReadonlyMap<string, string> {
  if (tools.kind === "none") return new Map();
  if (tools.kind === "static") return new Map(tools.applets.map((name) => [name, "../host"]));
  return new Map([...tools.programs].map(([name, program]) => [name, `../host/${program}`]));
}
