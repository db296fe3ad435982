import { shQuote as q } from "./sh-quote.ts";

/** What stands in /dev beside links and terminals. */
export const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"] as const;

/** Functions that both helpers have. Run by the sh of this machine; fd 4 goes to us. */
const COMMON = `set -u
umask 022
die() { echo "fail $1" >&4; exit 125; }
top=root
# Whether no part of a path below the top is a link.
plain() {
  at=$top; rest=$1
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
  /** Copies of the machine's devices are made in `devs`, so that a script can change them; else the machine's are lent. */
  readonly ownDevices: boolean;
  readonly ip: string | undefined;
}

/** Where user 0 is that of the machine, it could change the mode of a device that is lent: it gets copies. */
const OWN_DEVICES = `mount -t tmpfs -o nosuid,size=64k,mode=755 tmpfs devs 2>&4 || die "cannot mount a tmpfs"
cp -a ${DEVICES.map((name) => `/dev/${name}`).join(" ")} devs/ 2>/dev/null || for d in ${DEVICES.join(" ")}; do
  rm -f devs/$d; : > devs/$d; mount --bind /dev/$d devs/$d 2>&4 || die "cannot lend /dev/$d"
done`;

/**
 * The first process in the namespaces: makes the root, starts the script in a mount namespace of its own (so that every mount
 * for the script ends with it), then kills what is left and removes what was made for the run. cwd: the scratch directory.
 */
export function initScript(plan: InitPlan): string {
  return `${COMMON}
{ echo imgbuild > /proc/sys/kernel/hostname || hostname imgbuild; } 2>/dev/null || :
${plan.ip === undefined ? ":" : `${q(plan.ip)} link set lo up 2>/dev/null &`}
${plan.ownDevices ? OWN_DEVICES : ":"}
${plan.mountRoot}
: > made
wait
unshare --mount -- sh ./enter.sh
code=$?
kill -KILL -1 2>/dev/null
below() {
  set --
  while IFS= read -r line; do
    path=\${line#? }
    case $line in "$kind "*) plain "$path" && set -- "$top/$path" "$@" ;; esac
  done < made
  [ $# -eq 0 ] || "$remove" -- "$@" 2>/dev/null
}
kind=f remove=rm_empty
rm_empty() {
  shift
  n=$#
  for f do [ ! -f "$f" ] || [ -s "$f" ] || set -- "$@" "$f"; done
  shift $n
  [ $# -eq 0 ] || rm -f -- "$@"
}
below
kind=d remove=rm_directories
rm_directories() {
  shift
  # fuse-overlayfs marks what it makes by such a file.
  [ "$top" = root ] || for d do rm -f -- "$d/.wh..wh..opq"; done
  rmdir -- "$@"
}
below
umount -l root 2>/dev/null
echo "exit $code" >&4
exit 0
`;
}

/** What the second helper needs to know. Shell text, all values quoted. */
export interface EnterPlan {
  readonly ownDevices: boolean;
  readonly network: boolean;
  /** Mounts that the caller asked for: calls of `bind`. */
  readonly binds: string;
  /** The words that drop rights, set the environment and change the root; the new root and a program follow. */
  readonly wrap: string;
  /** A shell that the root is known to have, which saves looking for one. */
  readonly shell: string | undefined;
  /** Brings a shell into a root that has none, and sets `shell`; or says why it cannot. */
  readonly tools: string;
  /** Puts the stand-in of mknod into PATH. */
  readonly standIn: boolean;
  /** Program and arguments, where they need no shell; undefined for `guest/script`. */
  readonly argv: readonly string[] | undefined;
  readonly cwd: string;
  /** Whether the script has our stdin. */
  readonly terminal: boolean;
}

/** Where a root may have its shell, in the order of preference. */
export const SHELLS = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh", "/usr/bin/sh", "/busybox/sh"];

/** Mounts what a script finds around it, hides this machine, and becomes the script. cwd: the scratch directory. */
export function enterScript(plan: EnterPlan): string {
  return `${COMMON}
# Directories below root that mounts can use; made, and noted, where they are missing.
directories() {
  lacks=
  for d do
    plain "$d" || die "/$d in the root goes through a symbolic link, so nothing can be mounted there"
    at=root; rest=$d
    while [ -n "$rest" ]; do
      case $rest in */*) part=\${rest%%/*}; rest=\${rest#*/} ;; *) part=$rest; rest= ;; esac
      at=$at/$part
      [ -d "$at" ] || { lacks=1; echo "d \${at#root/}" >> made; }
    done
  done
  [ -z "$lacks" ] || (cd root && mkdir -p -- "$@") 2>&4 || die "the root has no place for /$*"
}
file() {
  plain "$1" || die "/$1 in the root is a symbolic link, so nothing can be mounted there"
  [ -e "root/$1" ] || { : > "root/$1"; echo "f $1" >> made; } 2>&4 || die "the root has no place for /$1"
}
# place SOURCE TARGET: what a mount needs there.
place() {
  if [ -d "$1" ]; then directories "$2"; return; fi
  case $2 in */*) directories "\${2%/*}" ;; esac
  file "$2"
}
# bind SOURCE TARGET OPTIONS
bind() {
  place "$1" "$2"
  mount -o "bind,$3" "$1" "./root/$2" 2>&4 || die "cannot mount $1"
}
# overlay SOURCE TARGET LINKS OPTIONS
overlay() {
  place "$1" "$2"
  mount -t overlay -o "nodev,lowerdir=$3/lower,upperdir=$3/upper,workdir=$3/work,$4" overlay "./root/$2" 2>&4 ||
    die "overlay cannot stack changes here"
}
directories proc dev .imgbuild
# Newer kernels hide the helper above the script, whose mount table tells paths of this machine.
mount --all --fstab mounts 2>/dev/null || mount --all --fstab mounts-older 2>&4 || die "cannot mount /proc and /dev"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,nosuid,noexec devpts root/dev/pts 2>/dev/null &
${plan.network ? "for f in etc/resolv.conf etc/hosts; do [ ! -e /$f ] || [ -e root/$f ] || bind /$f $f ro; done" : ":"}
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
shell=${plan.shell === undefined ? "" : q(plan.shell)}
find_shell() {
  for c in ${SHELLS.join(" ")}; do
    # The root has it, or a link that only the kernel can follow inside.
    if plain "\${c#/}" && [ ! -e "root$c" ]; then continue; fi
    if (inside "$c" -c :) > /dev/null 2>&1 < /dev/null; then shell=$c; return; fi
  done
${plan.tools}
}
${plan.argv !== undefined && plan.cwd === "/" ? ":" : '[ -n "$shell" ] || find_shell'}
perform='exec "$0" -e /.imgbuild/script'
${plan.standIn ? STAND_IN : ":"}
${plan.ownDevices && !plan.terminal ? "exec < devs/null" : ":"}
wait
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

/** Shells that are busybox have an mknod of their own, which they prefer to PATH but not to a function. */
const STAND_IN = `{ echo "#!$shell"; cat mknod.sh; } > guest/bin/mknod
[ "$(inside "$shell" -c 'command -v mknod' 2> /dev/null < /dev/null)" = /.imgbuild/bin/mknod ] ||
  perform='exec "$0" -e -c "mknod() { /.imgbuild/bin/mknod \\"\\$@\\"; }; . /.imgbuild/script" "$0"'`;

function runText({ argv, cwd }: EnterPlan): string {
  if (argv === undefined) return `inside "$shell" -c 'cd -- "$1" || exit 125; '"$perform" "$shell" ${q(cwd)}`;
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
