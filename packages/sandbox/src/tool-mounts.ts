import { dirname } from "node:path";
import type { HostTools, LinkedTools } from "./host-tools.ts";
import { bindEntry, mountTable } from "./mount-table.ts";
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
    lines.push(": > guest/host", lend(busybox.path), "mv guest/busybox guest/tools", "shell=/.imgbuild/tools/sh");
  }
  return lines.join("\n");
}

function lend(path: string): string {
  return `mount -o bind,ro,nosuid,nodev ${q(path)} ./root/.imgbuild/host 2>&4 || die "cannot lend a shell"`;
}

function linkedMounts({ libraries, directory, programs }: LinkedTools): string {
  const directories = [...new Set(libraries.map((path) => dirname(path.slice(1))))];
  const places = directories.map(q).join(" ");
  return [
    "linked=",
    `for d in ${places}; do plain "$d" || linked=1; done`,
    'if [ -z "$linked" ]; then',
    `directories ${places}`,
    ...libraries.map((path) => `file ${q(path.slice(1))}`),
    `mount --all --fstab libraries 2>&4 || die "cannot lend libraries"`,
    "else",
    THROUGH_LINKS,
    `for l in ${libraries.map((path) => q(path.slice(1))).join(" ")}; do through "$l"; done`,
    "fi",
    "mkdir guest/host",
    lend(directory),
    "mv guest/linked guest/tools",
    `shell=/.imgbuild/tools/${programs.has("bash") ? "bash" : "sh"}`,
  ].join("\n");
}

/** Lends a library to a root whose directories of libraries are links, as with a merged /usr: it stands where they lead in the root. */
const THROUGH_LINKS = `
# inside_root PATH: sets r to where it leads, links followed as from inside the root.
inside_root() {
  r= left=$1 hops=0
  while [ -n "$left" ]; do
    case $left in */*) name=\${left%%/*}; left=\${left#*/} ;; *) name=$left; left= ;; esac
    case $name in
      '' | .) continue ;;
      ..) case $r in */*) r=\${r%/*} ;; *) r= ;; esac; continue ;;
    esac
    if [ -L "root/\${r:+$r/}$name" ]; then
      hops=$((hops + 1))
      [ $hops -le 40 ] || die "/$1 in the root is a symbolic link that leads in a circle"
      target=$(readlink "root/\${r:+$r/}$name")
      case $target in /*) r= ;; esac
      left=$target\${left:+/$left}
    else
      r=\${r:+$r/}$name
    fi
  done
}
through() {
  inside_root "\${1%/*}"
  [ -z "$r" ] || directories "$r"
  file "\${r:+$r/}\${1##*/}"
  mount -o bind,ro,nosuid,nodev "/$1" "./root/\${r:+$r/}\${1##*/}" 2>&4 || die "cannot lend libraries"
}`;

/** The table of the libraries that are lent. */
export function libraryMounts({ linked }: HostTools): string {
  const options = ["ro", "nosuid", "nodev"];
  return mountTable((linked?.libraries ?? []).map((path) => bindEntry(path, `root${path}`, options)));
}

/** The links that stand in /.imgbuild/tools when they are lent, by `linked/NAME` or `busybox/NAME`. */
export function toolLinks({ linked, busybox }: HostTools): ReadonlyMap<string, string> {
  return new Map([
    ...[...(linked?.programs ?? [])].map(([name, program]) => [`linked/${name}`, `../host/${program}`] as const),
    ...(busybox?.applets ?? []).map((name) => [`busybox/${name}`, "../host"] as const),
  ]);
}
