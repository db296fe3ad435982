export { type DecompressLimits, decompress, decompressBytes } from "./archive/decompress.ts";
export { checkBytes, checkedStream, type ExpectedBytes } from "./archive/expected-bytes.ts";
export { type IndexOrigin, PackageEntry, type PackageFile, type RelationField } from "./archive/package-entry.ts";
export { PackagePool, type PoolIndex } from "./archive/package-pool.ts";
export { PackagesIndex } from "./archive/packages-index.ts";
export {
  byHashPath,
  checkReleaseDates,
  type PackagesFileOptions,
  packagesFiles,
  parseRelease,
  type Release,
  type ReleaseDateOptions,
} from "./archive/release.ts";
export type { SignatureOptions } from "./archive/signature.ts";
export { type AptSource, parseAptSources } from "./archive/sources.ts";
export { type VerifiedRelease, verifyInRelease, verifyRelease } from "./archive/verify-release.ts";
export { decompressXz } from "./archive/xz.ts";
export {
  type DatabaseFile,
  DPKG_DIRECTORIES,
  type DpkgDatabaseOptions,
  dpkgDatabase,
} from "./database/dpkg-database.ts";
export type { InstalledPackage } from "./database/installed-package.ts";
export { type DebControl, parseControlFiles, scriptNames } from "./deb/deb-control.ts";
export { type Deb, type ReadDebOptions, readDeb } from "./deb/read-deb.ts";
export { diffLocks, type LockChange, pinsOf } from "./lock/diff-lock.ts";
export { formatLock } from "./lock/format-lock.ts";
export type { DebianLock, LockedPackage, LockedSet, LockedSuite } from "./lock/lock.ts";
export { lockedPackages } from "./lock/lock-of.ts";
export { LOCK_VERSION, parseLock } from "./lock/parse-lock.ts";
export { type AccountBase, type AccountFiles, accountFiles } from "./maintainer/account-files.ts";
export type { WantedAccount, WantedGroup, WantedMembership, WantedUser } from "./maintainer/accounts.ts";
export {
  type Alternative,
  type InstalledAlternatives,
  installAlternatives,
  type Link,
} from "./maintainer/alternatives.ts";
export { type CaStore, type CertificateFile, caStore, isCertificatePath } from "./maintainer/ca-certificates.ts";
export { type ElfLibrary, elfLibrary } from "./maintainer/elf-soname.ts";
export { JAVA_KEYSTORE, javaKeystore } from "./maintainer/java-keystore.ts";
export { alternativesOfJinfo, isJinfoPath } from "./maintainer/jinfo.ts";
export { KNOWN_NEEDS, type KnownNeed, knownNeed } from "./maintainer/known-needs.ts";
export { type CachedLibrary, loaderCache } from "./maintainer/loader-cache.ts";
export { mergedUsrLinks, mergedUsrPath } from "./maintainer/merged-usr.ts";
export { changedMode } from "./maintainer/mode-change.ts";
export { type PhpModuleFiles, phpModuleFiles } from "./maintainer/php-modules.ts";
export { recipeOf } from "./maintainer/recipes.ts";
export {
  type ScriptEffects,
  type ScriptScene,
  type ScriptWarning,
  scriptEffects,
} from "./maintainer/script-effects.ts";
export { accountsOfSysusers, isSysusersPath } from "./maintainer/sysusers.ts";
export { isTmpfilesPath, type WantedPath, wantedPaths } from "./maintainer/tmpfiles.ts";
export {
  type EssentialSet,
  type Resolution,
  type ResolvedPackage,
  type ResolveNote,
  type ResolveOptions,
  resolve,
} from "./resolve/resolve.ts";
export { formatControl, parseControl, parseSingleStanza } from "./text/control.ts";
export {
  formatGroup,
  formatRelation,
  meets,
  type ParseRelationsOptions,
  parseRelations,
  type Relation,
  type RelationGroup,
  type VersionConstraint,
} from "./text/relation.ts";
export { Stanza, type StanzaField } from "./text/stanza.ts";
export { compareVersions, isVersion, parseVersion, satisfies, type VersionOperator } from "./text/version.ts";
