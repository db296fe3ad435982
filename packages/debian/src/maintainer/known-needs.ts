/** What a package's scripts would have done, where there is something to say about it. */
export interface KnownNeed {
  /** Name of the package; a prefix when it ends in `*`. */
  readonly package: string;
  readonly message: string;
}

/** Packages that are known to be unfinished when their scripts have not run. */
export const KNOWN_NEEDS: readonly KnownNeed[] = [
  { package: "apache2", message: "no module and site is enabled: link them in /etc/apache2/*-enabled" },
  { package: "ca-certificates-java", message: "/etc/ssl/certs/java/cacerts is not made: run keytool in a script" },
  { package: "dictionaries-common", message: "no default dictionary is chosen" },
  { package: "fontconfig", message: "the font cache is made at the first use: run fc-cache in a script to have it" },
  { package: "fontconfig-config", message: "/etc/fonts/conf.d has only what the package ships" },
  {
    package: "gdk-pixbuf*",
    message: "the list of image loaders is not made: run gdk-pixbuf-query-loaders in a script",
  },
  { package: "initramfs-tools", message: "no initramfs is made" },
  { package: "libc-bin", message: "/etc/ld.so.cache is not made; libraries in the usual places are found without it" },
  { package: "libgtk-3-0*", message: "the caches of icons and input modules are not made" },
  { package: "linux-image-*", message: "no initramfs and boot loader entry is made" },
  { package: "locales", message: "no locale is made: use C.UTF-8, or run locale-gen in a script" },
  { package: "mariadb-server", message: "/var/lib/mysql is not filled: run mariadb-install-db before the first start" },
  { package: "mysql-server*", message: "/var/lib/mysql is not filled: run mysqld --initialize before the first start" },
  { package: "openssh-server", message: "there are no host keys: run ssh-keygen -A before the first start" },
  { package: "php*", message: "no module is enabled for a server: run phpenmod in a script or write the conf.d links" },
  { package: "postgresql-common", message: "no snakeoil certificate and no default cluster settings are made" },
  { package: "postgresql-1*", message: "there is no cluster: run initdb or pg_createcluster before the first start" },
  { package: "python3*", message: "modules are not byte-compiled: the first start is slower" },
  { package: "rabbitmq-server", message: "there is no cookie and no owner of /var/lib/rabbitmq" },
  { package: "shared-mime-info", message: "the MIME database is not made: run update-mime-database in a script" },
  { package: "slapd", message: "there is no database: run slapadd before the first start" },
  { package: "ssl-cert", message: "there is no snakeoil certificate: run make-ssl-cert in a script" },
  { package: "texlive-base", message: "formats and file lists are not made: run mktexlsr and fmtutil-sys in a script" },
  { package: "tzdata", message: "/etc/localtime is not made: the time zone is UTC" },
  { package: "usrmerge", message: "files are not moved: the links of a merged /usr are made by their own helper" },
  { package: "xml-core", message: "the XML catalogs are not made: run update-xmlcatalog in a script" },
];

/** The entry for a package, the most exact one. */
export function knownNeed(packageName: string): KnownNeed | undefined {
  const exact = KNOWN_NEEDS.find((need) => need.package === packageName);
  return exact ?? KNOWN_NEEDS.find((need) => need.package.endsWith("*") && patternOf(need).test(packageName));
}

function patternOf(need: KnownNeed): RegExp {
  return new RegExp(`^${need.package.slice(0, -1).replace(/[.+]/g, "\\$&")}`);
}
