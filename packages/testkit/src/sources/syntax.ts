import { type Module, parseSync } from "@swc/core";

/** A node of a syntax tree, as far as the checks look at it. */
export interface SyntaxNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Parses a TypeScript module; throws on what is none. */
export function parseModule(text: string): readonly SyntaxNode[] {
  const module: Module = parseSync(text, { syntax: "typescript", target: "es2022" });
  return module.body as unknown as readonly SyntaxNode[];
}

/** Every node below (and with) these, parents first. */
export function* walk(value: unknown): Generator<SyntaxNode> {
  if (Array.isArray(value)) {
    for (const member of value) yield* walk(member);
  } else if (isRecord(value)) {
    if (typeof value.type === "string") yield value as SyntaxNode;
    for (const member of Object.values(value)) if (typeof member === "object") yield* walk(member);
  }
}

/** The text of a name or string literal; undefined of anything else. */
export function textOf(node: unknown): string | undefined {
  return isRecord(node) && typeof node.value === "string" ? node.value : undefined;
}

/** Whether this is an object with fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
