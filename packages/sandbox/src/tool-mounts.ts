import type { HostTools, LinkedTools } from "./host-tools.ts";
import { shQuote as q } from "./sh-quote.ts";

/**
 * Shell text that lends a root without a shell the tools of this machine, below /.imgbuild, and sets `shell`; ends the run where
 * that cannot be done. The root's own files win: where it has a C library of its own, only a program without libraries is lent.
 */
export function toolMounts({ linked, busybox }: HostTools): string {
  const lines: string[] = [];
  if (linked !== undefined)
    lines.push(
      `if ${linked.libraries.map((path) => `[ ! -e ${q(`root${path}`)} ]`).join(" && ")}; then`,
      linkedMounts(linked),
      "return",
      "fi",
    );
  if (busybox === undefined) lines.push("die no-shell");
  else {
    const last = `: > guest/host; mount --bind ${q(busybox.path)} root/.imgbuild/host 2>&4 || die "cannot lend a shell"`;
    lines.push(last, "read_only root/.imgbuild/host", "mv guest/busybox guest/tools", "shell=/.imgbuild/tools/sh");
  }
  return lines.join("\n");
}

function linkedMounts({ libraries, directory, programs }: LinkedTools): string {
  return [
    ...libraries.map((path) => `bind ${q(path)} ${q(path.slice(1))} ro`),
    `mkdir guest/host; mount --bind ${q(directory)} root/.imgbuild/host 2>&4 || die "cannot lend a shell"`,
    "read_only root/.imgbuild/host",
    "mv guest/linked guest/tools",
    `shell=/.imgbuild/tools/${programs.has("bash") ? "bash" : "sh"}`,
  ].join("\n");
}

/** The links that stand in /.imgbuild/tools when they are lent, by `linked/NAME` or `busybox/NAME`. */
export function toolLinks({ linked, busybox }: HostTools): ReadonlyMap<string, string> {
  return new Map([
    ...[...(linked?.programs ?? [])].map(([name, program]) => [`linked/${name}`, `../host/${program}`] as const),
    ...(busybox?.applets ?? []).map((name) => [`busybox/${name}`, "../host"] as const),
  ]);
}
