import type { Position } from "@imgbuild/errors";
import type { JsonValue } from "./json.ts";

declare const derivationIdBrand: unique symbol;
declare const inputHashBrand: unique symbol;
declare const resolvedKeyBrand: unique symbol;

/** 64 hex digits: identity of a recipe, its inputs' recipes included, without what the leaves contain. */
export type DerivationId = string & { readonly [derivationIdBrand]: true };

/** 64 hex digits: hash of a derivation with everything it reads. Known before any build; default tag of an image. */
export type InputHash = string & { readonly [inputHashBrand]: true };

/** 64 hex digits: hash of one step with its inputs replaced by their output digests. The cache is asked with it. */
export type ResolvedKey = string & { readonly [resolvedKeyBrand]: true };

/**
 * One node of the graph: what is to be made, from which inputs. Immutable; performed by nobody until asked.
 * `position` is where the definition made it; it takes part in no hash.
 */
export interface Derivation {
  readonly id: DerivationId;
  /** `image`, `layer`, `tree`, `path`, …: chooses the step runner. */
  readonly kind: string;
  /** Plain data, hashed through the canonical encoding. Its shape belongs to the kind. */
  readonly args: JsonValue;
  /** In the order the kind defines. */
  readonly inputs: readonly DerivationId[];
  readonly position: Position | null;
  /** Where what it names may be had, for kinds that fetch; their `args` say how it is known. Takes part in no hash. */
  readonly origin?: string;
}

/** What is said of an image that decides none of its bytes: equal images under two names are built once. */
export interface TargetImage {
  /** As written; lower-cased when it becomes a reference. */
  readonly name: string;
  /** Null for the input hash. */
  readonly tag: string | null;
  /** How archives of it are compressed unless the command says otherwise: `gz`, `zstd` or `none`, with a level as in `zstd:19`. */
  readonly compressor: string;
}

/** A named output of the workspace: an exported derivation. */
export interface Target {
  /** Absolute: `//images/api` or `//images/api:debug`. */
  readonly label: string;
  readonly derivation: DerivationId;
  /** What the image is called; null for a target that is no image. */
  readonly image: TargetImage | null;
  readonly position: Position | null;
}

/** A whole evaluated workspace, or the part of it that was asked for. */
export interface Graph {
  /** Every derivation, inputs before their users. */
  readonly derivations: ReadonlyMap<DerivationId, Derivation>;
  /** Sorted by label. */
  readonly targets: readonly Target[];
}
