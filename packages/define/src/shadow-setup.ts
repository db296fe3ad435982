/**
 * A script for `runAsRoot`, or for `fakeRootCommands` with `enableFakechroot`: makes what `useradd` and `groupadd` need, each file
 * only where there is none, so that a base's own stay; and puts the directories of those tools on PATH.
 */
export const shadowSetup: string = `export PATH="/usr/sbin:/sbin:$PATH"
mkdir -p /etc/pam.d
if [ ! -f /etc/passwd ]; then
  echo 'root:x:0:0::/root:/bin/sh' > /etc/passwd
  (umask 077 && echo 'root:!x:::::::' > /etc/shadow)
fi
if [ ! -f /etc/group ]; then
  echo 'root:x:0:' > /etc/group
  (umask 077 && echo 'root:x::' > /etc/gshadow)
fi
if [ ! -f /etc/pam.d/other ]; then
  {
    echo 'account sufficient pam_unix.so'
    echo 'auth sufficient pam_rootok.so'
    echo 'password requisite pam_unix.so nullok yescrypt'
    echo 'session required pam_unix.so'
  } > /etc/pam.d/other
fi
if [ ! -f /etc/login.defs ]; then
  : > /etc/login.defs
fi
`;
