import { ImgbuildError } from "@imgbuild/errors";
import { parseRelations, type RelationGroup } from "../text/relation.ts";
import type { Stanza } from "../text/stanza.ts";
import { parseVersion } from "../text/version.ts";
import { safeArchivePath } from "./safe-archive-path.ts";

/** Where an index comes from. */
export interface IndexOrigin {
  /** The suite as it was asked for, e.g. `bookworm-security`. */
  readonly suite: string;
  readonly component: string;
  /** The architecture that packages are chosen for; the index also lists those for `all`. */
  readonly architecture: string;
}

/** Relation fields that matter for a choice. */
export type RelationField = "Pre-Depends" | "Depends" | "Recommends" | "Provides" | "Conflicts" | "Breaks" | "Replaces";

/** One package of an index. Relations are parsed when first asked for. */
export class PackageEntry {
  readonly name: string;
  readonly version: string;
  /** `all` or the index's own. */
  readonly architecture: string;
  readonly multiArch: string;
  readonly essential: boolean;
  /** `required`, `important`, `standard`, `optional`, `extra` or what the archive says. */
  readonly priority: string;
  /** Name of the source package. */
  readonly source: string;
  readonly origin: IndexOrigin;
  readonly stanza: Stanza;
  readonly #relations = new Map<RelationField, readonly RelationGroup[]>();

  /** Throws `invalid-archive` when name, version or architecture are missing or wrong. */
  constructor(stanza: Stanza, origin: IndexOrigin) {
    const name = stanza.get("Package") ?? "";
    if (!/^[A-Za-z0-9][A-Za-z0-9+.-]*$/.test(name)) {
      throw new ImgbuildError("invalid-archive", `Cannot read package ${JSON.stringify(name)}: this cannot be a name`);
    }
    this.name = name;
    this.version = parseVersion(stanza.get("Version") ?? "", `package "${name}"`);
    this.architecture = stanza.get("Architecture") ?? "";
    if (!/^[a-z0-9][a-z0-9-]*$/.test(this.architecture)) {
      throw new ImgbuildError("invalid-archive", `Cannot read package "${name}": it has no architecture`);
    }
    this.multiArch = stanza.get("Multi-Arch") ?? "no";
    this.essential = stanza.get("Essential") === "yes";
    this.priority = stanza.get("Priority") ?? "optional";
    this.source = /^[^\s(]+/.exec(stanza.get("Source") ?? name)?.[0] ?? name;
    this.origin = origin;
    this.stanza = stanza;
  }

  /** `name version`, for messages. */
  get label(): string {
    return `${this.name} ${this.version}`;
  }

  /** The groups of a relation field; empty when there is no such field. Throws `invalid-archive`. */
  relations(field: RelationField): readonly RelationGroup[] {
    const known = this.#relations.get(field);
    if (known !== undefined) return known;
    const options = { where: `${field} of "${this.name}"`, architecture: this.origin.architecture };
    const groups = parseRelations(this.stanza.folded(field) ?? "", options);
    this.#relations.set(field, groups);
    return groups;
  }

  /** Path, size and SHA-256 of the `.deb`. Throws `invalid-archive` when one is missing, `path-escape` for a bad path. */
  get file(): PackageFile {
    const path = this.stanza.get("Filename") ?? "";
    const size = this.stanza.get("Size") ?? "";
    const sha256 = this.stanza.get("SHA256") ?? "";
    if (path === "" || !/^[0-9]{1,15}$/.test(size) || !/^[0-9a-f]{64}$/.test(sha256)) {
      throw new ImgbuildError(
        "invalid-archive",
        `Cannot use package "${this.name}": its index entry lacks Filename, Size or SHA256`,
      );
    }
    return { path: safeArchivePath(path, `package ${this.name}`), size: Number(size), sha256 };
  }
}

/** A file of an archive. */
export interface PackageFile {
  /** Relative to the mirror's root, e.g. `pool/main/n/nginx/nginx_1.22.1-9_amd64.deb`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}
