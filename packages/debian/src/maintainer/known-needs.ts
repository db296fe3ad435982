/** What a package's scripts would have done, where there is something to say about it. */
export interface KnownNeed {
  /** Name of the package; `*` at its end stands for anything, `#` for a number. */
  readonly package: string;
  readonly message: string;
}

/** Packages that are known to be unfinished when their scripts have not run. */
export const KNOWN_NEEDS: readonly KnownNeed[] = [
  { package: "dictionaries-common", message: "no default dictionary is chosen" },
  { package: "fontconfig", message: "the font cache is made at the first use: run fc-cache in a script to have it" },
  {
    package: "gdk-pixbuf*",
    message: "the list of image loaders is not made: run gdk-pixbuf-query-loaders in a script",
  },
  { package: "initramfs-tools", message: "no initramfs is made" },
  { package: "libgtk-3-0*", message: "the caches of icons and input modules are not made" },
  { package: "linux-image-*", message: "no initramfs and boot loader entry is made" },
  { package: "locales", message: "no locale is made: use C.UTF-8, or run locale-gen in a script" },
  { package: "mariadb-server", message: "/var/lib/mysql is not filled: run mariadb-install-db before the first start" },
  { package: "mysql-server*", message: "/var/lib/mysql is not filled: run mysqld --initialize before the first start" },
  { package: "openssh-server", message: "there are no host keys: run ssh-keygen -A before the first start" },
  { package: "postgresql-#", message: "there is no cluster: run initdb or pg_createcluster before the first start" },
  {
    package: "postfix",
    message: "its queues and main.cf are not set up: run postfix set-permissions and postconf -e in a script",
  },
  { package: "shared-mime-info", message: "the MIME database is not made: run update-mime-database in a script" },
  { package: "slapd", message: "there is no database: run slapadd before the first start" },
  { package: "ssl-cert", message: "there is no snakeoil certificate: run make-ssl-cert in a script" },
  { package: "texlive-base", message: "formats and file lists are not made: run mktexlsr and fmtutil-sys in a script" },
  { package: "xml-core", message: "the XML catalogs are not made: run update-xmlcatalog in a script" },
];

/** The entry for a package, the most exact one. */
export function knownNeed(packageName: string): KnownNeed | undefined {
  const exact = KNOWN_NEEDS.find((need) => need.package === packageName);
  return exact ?? KNOWN_NEEDS.find((need) => /[*#]$/.test(need.package) && patternOf(need).test(packageName));
}

function patternOf({ package: name }: KnownNeed): RegExp {
  const prefix = name.slice(0, -1).replace(/[.+]/g, "\\$&");
  return new RegExp(`^${prefix}${name.endsWith("#") ? "[0-9.]+$" : ""}`);
}

/**
 * Packages whose scripts were read (Debian 12): what they do for an image is done by a helper, or is for upgrades and running
 * services alone.
 */
const REVIEWED: ReadonlySet<string> = new Set(
  (
    "adduser base-files base-passwd bash bsdutils ca-certificates coreutils dash debconf debianutils dpkg init-system-helpers " +
    "libc-bin libc6 libpam-modules libpam-runtime libpam0g login mawk nginx-common openssh-client passwd perl perl-base " +
    "postgresql-common psmisc redis-server redis-tools tar tzdata ucf usr-is-merged usrmerge util-linux"
  ).split(" "),
);

/** Whether a package is known to need nothing beside its files and what helpers make. */
export function needsNothing(packageName: string): boolean {
  return REVIEWED.has(packageName);
}
