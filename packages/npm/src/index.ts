export { type BinOwner, binLinksOf } from "./closure/bin-links.ts";
export type {
  BundledPackage,
  Closure,
  FirstPartyUnit,
  PackageSource,
  PackageUnit,
  TreeLink,
  Unit,
  UnitEdge,
} from "./closure/closure.ts";
export { type ClosureOptions, closureOf, workspacesOf } from "./closure/closure-of.ts";
export { type Layout, type LayoutEntry, layoutOf } from "./closure/layout.ts";
export { dependencyOrder } from "./closure/order.ts";
export type { Libc, TargetPlatform } from "./closure/target-platform.ts";
export { type Bins, readBins } from "./lock/bins.ts";
export type { LockFile, NpmLock, NpmLockEntry, PnpmLock } from "./lock/lock-file.ts";
export { readPackageLock } from "./lock/package-lock.ts";
export { readPnpmLock } from "./lock/pnpm-lock.ts";
export { cachedTarballPaths } from "./registry/cached-tarball.ts";
export { authorizationFor, type NpmAuthorization } from "./registry/npm-authorization.ts";
export { type NpmConfig, type NpmConfigSources, npmConfigFrom, registryFor } from "./registry/npm-config.ts";
export { tarballPath } from "./registry/tarball-path.ts";
export { type TarballRequest, tarballRequest } from "./registry/tarball-request.ts";
