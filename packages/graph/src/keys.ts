import { canonicalJson, hashParts } from "./canonical.ts";
import type { Derivation, DerivationId, InputHash, ResolvedKey } from "./derivation.ts";
import type { Leaf } from "./leaf.ts";

/**
 * Version of everything that decides keys and bytes: the encoding here, the layer format, the config format. Raising it
 * makes every tag and key new; the golden test (packages/imgbuild/src/e2e/golden.test.ts) keeps digests per version.
 */
export const FORMAT_VERSION = 2;

/** The identity of a recipe. Inputs are in the order the kind defines. */
export function derivationId(recipe: Pick<Derivation, "kind" | "args" | "inputs">): DerivationId {
  const parts = [String(FORMAT_VERSION), recipe.kind, canonicalJson(recipe.args), ...recipe.inputs];
  return hashParts("imgbuild.derivation", parts) as DerivationId;
}

/** The hash of a derivation with all it reads. `leaf` is given for leaves, `inputs` are the hashes of its inputs. */
export function inputHash(derivation: Derivation, leaf: Leaf | undefined, inputs: readonly InputHash[]): InputHash {
  const parts = [String(FORMAT_VERSION), derivation.kind, argsText(derivation), leaf?.digest ?? "", ...inputs];
  return hashParts("imgbuild.input", parts) as InputHash;
}

/** What the cache is asked with: the recipe, the runner's version, the leaf, and the outputs of the inputs. */
export function resolvedKey(
  derivation: Derivation,
  parts: { readonly runnerVersion: number; readonly leaf: Leaf | undefined; readonly inputDigests: readonly string[] },
): ResolvedKey {
  const { runnerVersion, leaf, inputDigests } = parts;
  const list = [
    String(FORMAT_VERSION),
    String(runnerVersion),
    derivation.kind,
    argsText(derivation),
    leaf?.digest ?? "",
  ];
  return hashParts("imgbuild.step", [...list, ...inputDigests]) as ResolvedKey;
}

/** A run asks for the text of each derivation several times; derivations do not change. */
const texts = new WeakMap<Derivation, string>();

function argsText(derivation: Derivation): string {
  let text = texts.get(derivation);
  if (text === undefined) {
    text = canonicalJson(derivation.args);
    texts.set(derivation, text);
  }
  return text;
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** The text of an input hash as a tag: 32 characters of `[a-z2-7]`, the first 160 bits in base32. */
export function tagOf(hash: InputHash): string {
  let bits = BigInt(`0x${hash.slice(0, 40)}`);
  let text = "";
  for (let i = 0; i < 32; i++, bits >>= 5n) text = BASE32.charAt(Number(bits & 31n)) + text;
  return text;
}
