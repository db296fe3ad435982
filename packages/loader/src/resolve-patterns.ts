import { existsSync } from "node:fs";
import { join } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit, didYouMean, formatLabel, type LabelPattern, nearest, parseLabelPattern } from "@imgbuild/graph";
import { definitionIn, discover, hasDefinition, type Place } from "./discover.ts";

/** A pattern whose directory is that of the workspace, whatever was typed. */
export type ResolvedPattern = Pick<LabelPattern, "text" | "exclude" | "kind" | "dir" | "name">;

/** What was asked for: the definitions to evaluate, and which of their targets are meant. */
export interface Selection {
  /** Relative to the workspace, sorted. */
  readonly files: readonly string[];
  readonly patterns: readonly ResolvedPattern[];
}

/**
 * Reads labels and patterns as typed in `cwd` (relative to the workspace). Walks only directories that a pattern needs.
 * Throws `usage`, and `unknown-label` with what is near.
 */
export function resolvePatterns(place: Place, texts: readonly string[], cwd: string): Selection {
  const finder = new Finder(place);
  const patterns = texts.map((text) => finder.resolve(parseLabelPattern(text), cwd));
  if (!patterns.some((pattern) => !pattern.exclude)) {
    throw new ImgbuildError("usage", "Cannot choose targets: no label is given", {
      hint: 'Name a target such as "//images/api", or "//..." for all',
    });
  }
  const dirs = new Set<string>();
  for (const pattern of patterns.filter((each) => !each.exclude)) {
    for (const dir of finder.directories(pattern)) dirs.add(dir);
  }
  // What is left out whole need not be evaluated.
  const left = patterns.filter((pattern) => pattern.exclude && pattern.kind !== "target");
  const kept = [...dirs].filter((dir) => !left.some((pattern) => covers(pattern, dir)));
  return { files: kept.map(definitionIn).sort(byCodeUnit), patterns };
}

function covers(pattern: ResolvedPattern, dir: string): boolean {
  if (pattern.kind === "package") return pattern.dir === dir;
  return pattern.dir === "" || dir === pattern.dir || dir.startsWith(`${pattern.dir}/`);
}

class Finder {
  readonly #place: Place;
  #all: readonly string[] | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  resolve(pattern: LabelPattern, cwd: string): ResolvedPattern {
    const { text, exclude, kind, name } = pattern;
    const dir = pattern.absolute ? pattern.dir : join("/", cwd, pattern.dir).slice(1).replace(/\/$/, "");
    if (!pattern.absolute && leaves(cwd, pattern.dir)) {
      throw new ImgbuildError("path-escape", `Cannot find the target "${text}": it is outside the workspace`, {
        hint: 'Name it from the top of the workspace: "//dir"',
      });
    }
    if (kind === "subtree" || hasDefinition(this.#place, dir)) return { text, exclude, kind, dir, name };
    return { text, exclude, kind, dir: pattern.bare ? this.#byEnd(pattern) : this.#missing(text, dir), name };
  }

  directories(pattern: ResolvedPattern): readonly string[] {
    if (pattern.kind !== "subtree") return [pattern.dir];
    const found = discover(this.#place, pattern.dir);
    if (found.length > 0) return found;
    const exists = existsSync(join(this.#place.workspaceRoot, pattern.dir));
    const what = exists ? "no image.ts is in it or below" : "there is no such directory";
    throw this.#unknown(`Cannot find any target of "${pattern.text}": ${what}`, `//${pattern.dir}`);
  }

  #byEnd(pattern: LabelPattern): string {
    const all = this.#definitions();
    const found = all.filter((dir) => dir === pattern.dir || dir.endsWith(`/${pattern.dir}`));
    const [only] = found;
    if (only === undefined) return this.#missing(pattern.text, pattern.dir);
    if (found.length === 1) return only;
    const labels = found.map((dir) => formatLabel({ dir, name: pattern.name }));
    throw new ImgbuildError(
      "unknown-label",
      `Cannot choose a target for "${pattern.text}": it may be ${labels.join(" or ")}`,
      {
        hint: "Write the whole label",
      },
    );
  }

  #missing(text: string, dir: string): never {
    const file = definitionIn(dir);
    throw this.#unknown(`Cannot find the target "${text}": there is no ${file}`, `//${dir}`);
  }

  #unknown(message: string, label: string): ImgbuildError {
    const labels = this.#definitions().map((dir) => `//${dir}`);
    const last = label.slice(label.lastIndexOf("/") + 1);
    const near = nearest(label, labels);
    const sameEnd = labels.filter((each) => nearest(last, [each.slice(each.lastIndexOf("/") + 1)], 1).length > 0);
    const candidates = near.length > 0 ? near : sameEnd.slice(0, 5);
    const hint =
      labels.length === 0
        ? "Create an image.ts that exports buildImage({ … })"
        : candidates.length > 0
          ? `Write ${candidates.join(" or ")}`
          : "Run `imgbuild list` to see every target";
    const also = near.length > 0 ? didYouMean(label, labels) : "";
    return new ImgbuildError("unknown-label", `${message}${also}`, { hint });
  }

  #definitions(): readonly string[] {
    this.#all ??= discover(this.#place, "");
    return this.#all;
  }
}

function leaves(cwd: string, dir: string): boolean {
  let depth = cwd.split("/").filter((segment) => segment !== "").length;
  for (const segment of dir.split("/")) {
    depth += segment === ".." ? -1 : segment === "" ? 0 : 1;
    if (depth < 0) return true;
  }
  return false;
}
