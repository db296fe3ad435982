import { makeValue, recordOf, type Source, type Value } from "./source.ts";

/** Sources as they are for images of an architecture, also inside of others; as they are when only the base knows it. */
export function forArchitecture(sources: readonly Source[], architecture: string | null): Source[] {
  if (architecture === null) return [...sources];
  const known = new Map<Value, Value>();
  return sources.map((source) => valueFor(source, architecture, known) as Source);
}

/** Whether some of these, or what they are made of, was chosen for an architecture. What is no value is not. */
export function dependOnArchitecture(sources: readonly unknown[]): boolean {
  const seen = new Set(sources.map((source) => recordOf(source)?.value));
  for (const value of seen) {
    if (recordOf(value)?.layered !== undefined) return true;
    for (const part of value === undefined ? [] : partsOf(value)) seen.add(part);
  }
  return false;
}

/** Kinds that place or unite what they are made of. */
const MADE_OF: ReadonlySet<string> = new Set(["tree", "merge", "select"]);

/** Not recursive, and each value once: values may be made of each other as deep and as often as one likes. */
function valueFor(source: Value, architecture: string, known: Map<Value, Value>): Value {
  const open: Value[] = [source];
  for (let value = open.at(-1); value !== undefined; value = open.at(-1)) {
    const unknown = known.has(value) ? [] : partsOf(value).filter((part) => !known.has(part));
    if (unknown.length > 0) open.push(...unknown);
    else {
      open.pop();
      if (!known.has(value)) known.set(value, remade(value, architecture, known));
    }
  }
  return known.get(source) ?? source;
}

function partsOf(value: Value): readonly Value[] {
  return MADE_OF.has(value.kind) && recordOf(value)?.layered === undefined ? value.inputs : [];
}

function remade(value: Value, architecture: string, known: ReadonlyMap<Value, Value>): Value {
  const record = recordOf(value);
  if (record?.layered !== undefined) return record.layered.forArchitecture(architecture);
  const inputs = value.inputs.map((input) => known.get(input) ?? input);
  if (record === undefined || inputs.every((input, i) => input === value.inputs[i])) return value;
  const { position, summary, origin } = record;
  return makeValue({ kind: value.kind, args: value.args, inputs, position, summary, origin });
}
