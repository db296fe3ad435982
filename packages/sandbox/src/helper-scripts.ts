import { shQuote as q } from "./sh-quote.ts";

/** What stands in /dev beside links and terminals. */
export const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"] as const;

/** Where user 0 is that of the machine, the kernel's knobs would obey it. */
const GUARDED_PROC = `for p in sys sysrq-trigger irq bus fs acpi scsi; do
  [ ! -e root/proc/$p ] || mount -o bind,ro,nosuid,nodev,noexec root/proc/$p root/proc/$p 2>&4 || die "cannot guard /proc/$p"
done
for p in kcore keys latency_stats timer_list sched_debug; do
  [ ! -e root/proc/$p ] || mount --bind /dev/null root/proc/$p 2>&4 || die "cannot hide /proc/$p"
done`;

/** Functions that both helpers have. Run by the sh of this machine; fd 4 goes to us. */
const COMMON = `set -u
umask 022
die() { echo "fail $1" >&4; exit 125; }
# Whether no part of a path below root is a link.
plain() {
  at=root; rest=$1
  while [ -n "$rest" ]; do
    case $rest in */*) part=\${rest%%/*}; rest=\${rest#*/} ;; *) part=$rest; rest= ;; esac
    at=$at/$part
    [ ! -L "$at" ] || return 1
  done
}
`;

/** What the first process of the sandbox needs to know. Shell text, all values quoted. */
export interface InitPlan {
  /** Mounts the root at `root`. */
  readonly mountRoot: string;
  readonly ip: string | undefined;
}

/**
 * The first process in the namespaces: makes the root, starts the script in a mount namespace of its own (so that every mount
 * for the script ends with it), then kills what is left and removes what was made for the run. cwd: the scratch directory.
 */
export function initScript(plan: InitPlan): string {
  return `${COMMON}
mount --make-rprivate / 2>&4 || die "mount --make-rprivate failed"
hostname imgbuild 2>/dev/null || { echo imgbuild > /proc/sys/kernel/hostname; } 2>/dev/null || :
${plan.ip === undefined ? ":" : `${q(plan.ip)} link set lo up 2>/dev/null || :`}
${plan.mountRoot}
: > made
unshare --mount --propagation private -- sh ./enter.sh
code=$?
kill -KILL -1 2>/dev/null
wait
tac made 2>/dev/null | while read -r kind path; do
  plain "$path" || continue
  case $kind in
    d) rmdir "root/$path" 2>/dev/null ;;
    f) [ -f "root/$path" ] && [ ! -s "root/$path" ] && rm -f "root/$path" ;;
  esac
done
umount root 2>&4 || umount -l root 2>&4
echo "exit $code" >&4
exit 0
`;
}

/** What the second helper needs to know. Shell text, all values quoted. */
export interface EnterPlan {
  readonly mode: "root" | "subordinate" | "single";
  readonly network: boolean;
  /** Mounts that the caller asked for: calls of `bind`. */
  readonly binds: string;
  /** The words that drop rights, set the environment and change the root; the new root and a program follow. */
  readonly wrap: string;
  /** Brings a shell into a root that has none, and sets `shell`; or says why it cannot. */
  readonly tools: string;
  /** Puts the stand-in of mknod into PATH. */
  readonly standIn: boolean;
  /** Program and arguments, where they need no shell; undefined for `guest/script`. */
  readonly argv: readonly string[] | undefined;
  readonly cwd: string;
}

const SHELLS = "/bin/bash /usr/bin/bash /usr/local/bin/bash /bin/sh /usr/bin/sh /busybox/sh";

/** Mounts what a script finds around it, hides this machine, and becomes the script. cwd: the scratch directory. */
export function enterScript(plan: EnterPlan): string {
  return `${COMMON}
# A directory below root that mounts can use; made, and noted, where it is missing.
directory() {
  plain "$1" || die "/$1 in the root goes through a symbolic link, so nothing can be mounted there"
  at=root; rest=$1; done=
  while [ -n "$rest" ]; do
    case $rest in */*) part=\${rest%%/*}; rest=\${rest#*/} ;; *) part=$rest; rest= ;; esac
    at=$at/$part; done=$done\${done:+/}$part
    [ -d "$at" ] || { mkdir "$at" 2>&4 || die "mkdir /$done failed"; echo "d $done" >> made; }
  done
}
file() {
  case $1 in */*) directory "\${1%/*}" ;; esac
  plain "$1" || die "/$1 in the root is a symbolic link, so nothing can be mounted there"
  [ -e "root/$1" ] || { : > "root/$1"; echo "f $1" >> made; }
}
read_only() {
  for flags in ,nosuid,nodev "" ,nosuid ,nodev ,nosuid,nodev,noexec; do
    mount -o "remount,bind,ro$flags" "$1" 2>/dev/null && return
  done
  die "cannot make a mount read-only"
}
# bind SOURCE TARGET ro|rw
bind() {
  if [ -d "$1" ]; then directory "$2"; else file "$2"; fi
  mount --bind "$1" "root/$2" 2>&4 || die "cannot mount $1"
  [ "$3" = rw ] || read_only "root/$2"
}
directory proc
# Hidden: the helper above the script, whose mount table tells paths of this machine.
mount -t proc -o nosuid,nodev,noexec,hidepid=4 proc root/proc 2>/dev/null ||
  mount -t proc -o nosuid,nodev,noexec proc root/proc 2>&4 || die "cannot mount /proc"
${plan.mode === "root" ? GUARDED_PROC : ":"}
directory dev
mount --bind dev root/dev 2>&4 || die "cannot mount /dev"
${plan.mode === "root" ? 'mount -o remount,bind,nosuid,nodev root/dev 2>&4 || die "cannot mount /dev"' : ":"}
for d in ${DEVICES.join(" ")}; do mount --bind /dev/$d root/dev/$d 2>/dev/null || rm -f root/dev/$d; done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,nosuid,noexec devpts root/dev/pts 2>/dev/null
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs root/dev/shm 2>/dev/null
${plan.network ? "for f in etc/resolv.conf etc/hosts; do [ ! -e /$f ] || [ -e root/$f ] || bind /$f $f ro; done" : ":"}
directory .imgbuild
mount --bind guest root/.imgbuild 2>&4 || die "cannot mount /.imgbuild"
${plan.binds}
where=root
inside() {
  exec 3<&- 4>&-
  exec ${plan.wrap} "$where" "$@"
}
roots() {
  n=0
  while read -r _ _ _ _ at _; do [ "$at" != / ] || n=$((n + 1)); done < /proc/self/mountinfo
  echo $n
}
shell=
find_shell() {
  for c in ${SHELLS}; do
    # The root has it, or a link that only the kernel can follow inside.
    if plain "\${c#/}" && [ ! -e "root$c" ]; then continue; fi
    if (inside "$c" -c :) > /dev/null 2>&1 < /dev/null; then shell=$c; return; fi
  done
${plan.tools}
}
${plan.argv !== undefined && plan.cwd === "/" ? ":" : "find_shell"}
${plan.standIn ? '{ echo "#!$shell"; cat mknod.sh; } > guest/bin/mknod && chmod 755 guest/bin/mknod' : ":"}
cd root
before=$(roots)
# Some versions of mount report a failure of their bookkeeping although the move was done.
mount -n --move . / 2>../moved
[ "$(roots)" -gt "$before" ] || { cat ../moved >&4; die "cannot make the root of the script its /"; }
where=.
echo started >&4
${runText(plan)}
`;
}

function runText({ argv, cwd }: EnterPlan): string {
  if (argv === undefined)
    return `inside "$shell" -c 'cd -- "$1" || exit 125; exec "$0" -e /.imgbuild/script' "$shell" ${q(cwd)}`;
  const words = argv.map(q).join(" ");
  if (cwd === "/") return `inside ${words}`;
  return `inside "$shell" -c 'cd -- "$1" || exit 125; shift; exec "$@"' "$shell" ${q(cwd)} ${words}`;
}

/** Stands in for mknod where nobody may make devices: notes them, and leaves an empty file in their place. */
export const MKNOD_STAND_IN = `
mode=
while :; do
  case \${1-} in
    -m) mode=$2; shift 2 ;;
    -m?*) mode=\${1#-m}; shift ;;
    --mode=*) mode=\${1#--mode=}; shift ;;
    --) shift; break ;;
    -*) echo "mknod: unknown option $1" >&2; exit 1 ;;
    *) break ;;
  esac
done
name=\${1-} type=\${2-} major=\${3-} minor=\${4-}
case $type in
  p) exec mkfifo \${mode:+-m "$mode"} -- "$name" ;;
  b|c|u) ;;
  *) echo "mknod: wanted NAME and a type of b, c, u or p" >&2; exit 1 ;;
esac
case $major$minor in ''|*[!0-9]*) echo "mknod: wanted a major and a minor number in decimals" >&2; exit 1 ;; esac
if [ -e "$name" ] || [ -L "$name" ]; then echo "mknod: $name: File exists" >&2; exit 1; fi
case $name in */*) where=\${name%/*} last=\${name##*/} ;; *) where=. last=$name ;; esac
where=$(cd -P -- "\${where:-/}" && pwd) || exit 1
: > "$where/$last" || exit 1
[ -z "$mode" ] || chmod "$mode" "$where/$last" || exit 1
echo "$type $major $minor \${where%/}/$last" >> /.imgbuild/devices
`;
