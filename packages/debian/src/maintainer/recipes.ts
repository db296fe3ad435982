/**
 * What the scripts of usual packages do to files, as lines of tmpfiles.d(5). `@` in a path is what stands for `*` in the name of the
 * package. Read from the scripts of Debian 11 to 13.
 */
const RECIPES: Readonly<Record<string, string>> = {
  apache2: `
d /var/log/apache2 0750 root adm
d /var/www/html 0755
C /var/www/html/index.html 0644 - - - /usr/share/apache2/default-site/index.html`,
  "base-files": `
C /root/.profile - - - - /usr/share/base-files/dot.profile
C /root/.bashrc - - - - /usr/share/base-files/dot.bashrc
C /etc/profile - - - - /usr/share/base-files/profile
C /etc/motd - - - - /usr/share/base-files/motd
C /usr/share/info/dir - - - - /usr/share/base-files/info.dir
L /etc/dpkg/origins/default - - - - debian
d /mnt 0755
d /srv 0755
d /opt 0755
d /etc/opt 0755
d /var/opt 0755
d /media 0755
d /var/mail 2775 root mail
L /var/spool/mail - - - - ../mail
d /run/lock 1777
L+ /var/run - - - - /run
L+ /var/lock - - - - /run/lock
d /usr/local 0755
d /usr/local/share 0755
d /usr/local/share/man 0755
d /usr/local/bin 0755
d /usr/local/games 0755
d /usr/local/lib 0755
d /usr/local/include 0755
d /usr/local/sbin 0755
d /usr/local/src 0755
d /usr/local/etc 0755
L /usr/local/man - - - - share/man
f /var/log/wtmp 0664 root utmp
f /var/log/btmp 0660 root utmp
f /var/log/lastlog 0664 root utmp`,
  "libc-bin": "C /etc/nsswitch.conf - - - - /usr/share/libc-bin/nsswitch.conf",
  "libpam-runtime": `
f /etc/pam.d/common-account 0644 - - - account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\\naccount requisite pam_deny.so\\naccount required pam_permit.so\\n
f /etc/pam.d/common-auth 0644 - - - auth [success=1 default=ignore] pam_unix.so nullok\\nauth requisite pam_deny.so\\nauth required pam_permit.so\\n
f /etc/pam.d/common-password 0644 - - - password [success=1 default=ignore] pam_unix.so obscure yescrypt\\npassword requisite pam_deny.so\\npassword required pam_permit.so\\n
f /etc/pam.d/common-session 0644 - - - session [default=1] pam_permit.so\\nsession requisite pam_deny.so\\nsession required pam_permit.so\\nsession required pam_unix.so\\n
f /etc/pam.d/common-session-noninteractive 0644 - - - session [default=1] pam_permit.so\\nsession requisite pam_deny.so\\nsession required pam_permit.so\\nsession required pam_unix.so\\n`,
  "mariadb-server": `
d /run/mysqld 0755 mysql root
d /var/lib/mysql 0755 mysql mysql
d /var/log/mysql 2750 mysql adm
z /usr/lib/mysql/plugin/auth_pam_tool_dir 0700 mysql -
z /usr/lib/mysql/plugin/auth_pam_tool_dir/auth_pam_tool 4755 - -`,
  memcached: "d /run/memcached 0755 memcache memcache",
  "nginx-common": `
d /var/log/nginx 0755 root adm
f /var/log/nginx/access.log 0640 www-data adm
f /var/log/nginx/error.log 0640 www-data adm
L /etc/nginx/sites-enabled/default - - - - /etc/nginx/sites-available/default
C /var/www/html/index.nginx-debian.html - - - - /usr/share/nginx/html/index.html`,
  "openssh-client": "z /usr/bin/ssh-agent 2755 root _ssh",
  "openssh-server": "d /run/sshd 0755\nC /etc/ssh/sshd_config 0644 - - - /usr/share/openssh/sshd_config",
  "php*-fpm": "d /run/php 0755 www-data www-data\nC /etc/php/@/fpm/php.ini - - - - /usr/lib/php/@/php.ini-production",
  "php*-cli": "C /etc/php/@/cli/php.ini - - - - /usr/lib/php/@/php.ini-production.cli",
  "postgresql-common": `
d /var/lib/postgresql 0755 postgres postgres
z /etc/postgresql - postgres postgres
d /var/log/postgresql 1775 root postgres
d /run/postgresql 2775 postgres postgres`,
  postfix: `
C /etc/postfix/main.cf 0644 - - - /usr/share/postfix/main.cf.debian
C /etc/postfix/master.cf 0644 - - - /usr/share/postfix/master.cf.dist
z /usr/sbin/postdrop 2555 root postdrop
z /usr/sbin/postqueue 2555 root postdrop
d /var/lib/postfix 0755 postfix postfix
d /var/spool/postfix 0755 root root`,
  "rabbitmq-server": `
d /var/lib/rabbitmq 0755 rabbitmq rabbitmq
d /var/log/rabbitmq 0755 rabbitmq rabbitmq`,
  "redis-server": `
z /etc/redis/redis.conf 0640 redis redis
d /run/redis 2755 redis redis`,
  "redis-tools": `
d /var/lib/redis 0750 redis redis
d /var/log/redis 2750 redis adm
d /etc/redis 2770 redis redis`,
  "samba-common": "C /etc/samba/smb.conf 0644 - - - /usr/share/samba/smb.conf",
  slapd:
    "d /var/lib/ldap 0700 openldap openldap\nd /etc/ldap/slapd.d 0755 openldap openldap\nd /run/slapd 0755 openldap openldap",
  squid: "d /var/log/squid 0750 proxy proxy\nd /var/spool/squid 0750 proxy proxy",
  "ssl-cert": "z /etc/ssl/private 0710 root ssl-cert",
  tzdata: "L /etc/localtime - - - - /usr/share/zoneinfo/Etc/UTC\nf /etc/timezone 0644 - - - Etc/UTC\\n",
};

/** The recipe of a package, as text of tmpfiles.d(5); empty for none. */
export function recipeOf(packageName: string): string {
  const exact = RECIPES[packageName];
  if (exact !== undefined) return exact;
  for (const [name, text] of Object.entries(RECIPES)) {
    const [before = "", after] = name.split("*");
    if (after === undefined || !packageName.startsWith(before) || !packageName.endsWith(after)) continue;
    const between = packageName.slice(before.length, packageName.length - after.length);
    if (/^[0-9][0-9.]*$/.test(between)) return text.replaceAll("@", between);
  }
  return "";
}
