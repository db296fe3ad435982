import {
  accountFiles,
  accountsOfSysusers,
  alternativesOfJinfo,
  caStore,
  installAlternatives,
  isCertificatePath,
  isJinfoPath,
  isSysusersPath,
  isTmpfilesPath,
  JAVA_KEYSTORE,
  javaKeystore,
  phpModuleFiles,
  recipeOf,
  type ScriptEffects,
  type WantedPath,
  wantedPaths,
} from "@imgbuild/debian";
import { cacheLibraries } from "./cache-libraries.ts";
import type { SystemDraft } from "./system-draft.ts";
import type { SystemPackage } from "./system-packages.ts";

/** What helpers work on. */
interface HelperScene {
  readonly draft: SystemDraft;
  readonly packages: readonly SystemPackage[];
  /** Read off the scripts of each package. */
  readonly effects: readonly ScriptEffects[];
  /** Whether dpkg's database is written, for what belongs to it. */
  readonly database: boolean;
}

type Helper = (scene: HelperScene) => void;

/** What stands in for the scripts of packages, in the order in which it is done. Each is an attribute's word of `helpers`. */
export const HELPERS: Readonly<Record<string, Helper>> = {
  accounts: makeAccounts,
  php: enablePhpModules,
  files: makeFiles,
  certificates: makeCertificates,
  alternatives: makeAlternatives,
  libraries: ({ draft }) => cacheLibraries(draft),
};

const PASSWD = "root:*:0:0:root:/root:/bin/sh\nnobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
const GROUP = "root:*:0:\nadm:*:4:\ntty:*:5:\nmail:*:8:\nshadow:*:42:\nutmp:*:43:\nstaff:*:50:\nnogroup:*:65534:\n";

function makeAccounts({ draft, effects }: HelperScene): void {
  const base = {
    passwd: draft.text("usr/share/base-passwd/passwd.master"),
    group: draft.text("usr/share/base-passwd/group.master"),
  };
  const sysusers = draft
    .files(isSysusersPath)
    .flatMap(({ path, content }) => accountsOfSysusers(content.toString(), path));
  const wanted = [...effects.flatMap(({ accounts }) => accounts), ...sysusers];
  if (wanted.length === 0 && base.passwd === undefined) return;
  const files = accountFiles({ passwd: base.passwd ?? PASSWD, group: base.group ?? GROUP }, wanted);
  draft.file("etc/passwd", Buffer.from(files.passwd));
  draft.file("etc/group", Buffer.from(files.group));
  const shadow = Number(/^shadow:[^:]*:(\d+):/m.exec(files.group)?.[1] ?? 0);
  draft.file("etc/shadow", Buffer.from(files.shadow), { mode: 0o640, gid: shadow });
  draft.file("etc/gshadow", Buffer.from(files.gshadow), { mode: 0o640, gid: shadow });
}

function enablePhpModules({ draft }: HelperScene): void {
  const made = phpModuleFiles(
    draft.files((path) => /^usr\/share\/php\d[^/]*\/.+\.ini$/.test(path)),
    (path) => draft.has(path),
  );
  for (const { path, content } of made.files) if (!draft.has(path)) draft.file(path, content);
  for (const { path, target } of made.links) if (!draft.has(path)) draft.link(path, target);
}

/**
 * The places of base-files, which is there before every other package is configured; what scripts do; the recipes of usual
 * packages; then what the packages themselves say to systemd-tmpfiles.
 */
function makeFiles({ draft, packages, effects }: HelperScene): void {
  const scripts = effects.flatMap(({ paths }) => paths);
  const recipesOf = (isBase: boolean): readonly WantedPath[] =>
    packages
      .filter(({ control }) => (control.name === "base-files") === isBase)
      .flatMap(({ control }) => wantedPaths(recipeOf(control.name)));
  const declared = draft.files(isTmpfilesPath).flatMap(({ content }) => wantedPaths(content.toString()));
  const ids = new AccountIds(draft);
  for (const wanted of [...recipesOf(true), ...scripts, ...recipesOf(false), ...declared]) makePath(draft, wanted, ids);
  runPhpInApache(draft);
  enableApacheDependencies(draft);
}

const APACHE = "etc/apache2/mods";

/** As the module's scripts do: PHP is not made for threads, so Apache works with processes. */
function runPhpInApache(draft: SystemDraft): void {
  const module = draft.names(`${APACHE}-available`).find((name) => /^php[0-9.]+\.load$/.test(name));
  if (module === undefined) return;
  for (const suffix of [".load", ".conf"]) {
    for (const other of ["mpm_event", "mpm_worker"]) draft.drop(`${APACHE}-enabled/${other}${suffix}`);
    for (const name of ["mpm_prefork", module.replace(/\.load$/, "")]) {
      if (!draft.has(`${APACHE}-available/${name}${suffix}`) || draft.has(`${APACHE}-enabled/${name}${suffix}`))
        continue;
      draft.link(`${APACHE}-enabled/${name}${suffix}`, `../mods-available/${name}${suffix}`);
    }
  }
}

/** `a2enmod` enables what a module says that it needs, too. */
function enableApacheDependencies(draft: SystemDraft): void {
  const enabled = new Set(draft.below(`${APACHE}-enabled`).filter((path) => path.endsWith(".load")));
  for (const path of enabled) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const needs = /^# Depends:(.*)$/m.exec(draft.text(`${APACHE}-available/${name}`) ?? "")?.[1] ?? "";
    for (const need of needs.split(/\s+/).filter((word) => /^[\w.-]+$/.test(word))) {
      for (const suffix of [".load", ".conf"]) {
        const link = `${APACHE}-enabled/${need}${suffix}`;
        if (draft.has(link) || !draft.has(`${APACHE}-available/${need}${suffix}`)) continue;
        draft.link(link, `../mods-available/${need}${suffix}`);
        if (suffix === ".load") enabled.add(link);
      }
    }
  }
}

function makePath(draft: SystemDraft, wanted: WantedPath, ids: AccountIds): void {
  const { kind, mode, argument, requires } = wanted;
  if (requires !== undefined && !draft.has(requires)) return;
  const isInside = (kind === "link" || kind === "copy") && draft.look(wanted.path) === "directory";
  const path = isInside ? `${wanted.path}/${argument.slice(argument.lastIndexOf("/") + 1)}` : wanted.path;
  const owner = { mode, uid: ids.user(wanted.user), gid: ids.group(wanted.group) };
  if (kind === "own") {
    for (const each of wanted.recursive === true ? [path, ...draft.below(path)] : [path]) {
      draft.own(each, owner);
      if (wanted.modeChange !== undefined) draft.changeMode(each, wanted.modeChange);
    }
  } else if (kind === "relink" && draft.isEmptyDirectory(path)) draft.link(path, argument);
  else if (draft.has(path)) {
    if (kind === "directory" || kind === "file") draft.own(path, owner);
  } else if (kind === "directory") draft.directory(path, owner);
  else if (kind === "file") draft.file(path, Buffer.from(argument), owner);
  else if (kind === "link" || kind === "relink") draft.link(path, argument);
  else draft.copy(argument, path, { ...owner, recursive: wanted.recursive === true });
}

/** Numbers of the accounts that are in the image; a name that is not there is root. */
class AccountIds {
  readonly #users: ReadonlyMap<string, number>;
  readonly #groups: ReadonlyMap<string, number>;

  constructor(draft: SystemDraft) {
    this.#users = idsOf(draft.text("etc/passwd"));
    this.#groups = idsOf(draft.text("etc/group"));
  }

  user(name: string | undefined): number | undefined {
    return name === undefined ? undefined : numberOf(name, this.#users);
  }

  group(name: string | undefined): number | undefined {
    return name === undefined ? undefined : numberOf(name, this.#groups);
  }
}

function numberOf(name: string, known: ReadonlyMap<string, number>): number {
  return /^[0-9]{1,9}$/.test(name) ? Number(name) : (known.get(name) ?? 0);
}

function idsOf(text = ""): ReadonlyMap<string, number> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const [name, , id] = line.split(":");
      return name === undefined || id === undefined ? [] : [[name, Number(id)] as const];
    }),
  );
}

/** Packages of certificates alone change nothing: only where the tool is, its result is wanted. */
function makeCertificates({ draft, packages }: HelperScene): void {
  const names = new Set(packages.map(({ control }) => control.name));
  if (!names.has("ca-certificates")) return;
  const certificates = draft.files(isCertificatePath);
  const { bundle, links } = caStore(certificates);
  draft.file(bundle.path, bundle.content);
  for (const { path, target } of links) draft.link(path, target);
  draft.file("etc/ca-certificates.conf", Buffer.from(configuration(certificates)));
  if (names.has("ca-certificates-java")) draft.file(JAVA_KEYSTORE, javaKeystore(certificates));
}

/** What `update-ca-certificates` takes when an administrator runs it later. */
function configuration(certificates: readonly { readonly path: string }[]): string {
  const prefix = "usr/share/ca-certificates/";
  const own = certificates.filter(({ path }) => path.startsWith(prefix));
  return own.map(({ path }) => `${path.slice(prefix.length)}\n`).join("");
}

function makeAlternatives({ draft, effects, packages, database }: HelperScene): void {
  const java = draft.files(isJinfoPath).flatMap(({ content }) => alternativesOfJinfo(content.toString(), "java"));
  const wanted = [...effects.flatMap(({ alternatives }) => alternatives), ...java];
  const { links, files } = installAlternatives(wanted, (path) => draft.has(path));
  for (const { path, target } of links) draft.link(path, target);
  if (database && packages.length > 0) for (const { path, content } of files) draft.file(path, content);
}
