import { isRecord, type SyntaxNode, textOf, walk } from "./syntax.ts";

/** A name that a module exports. */
export interface ExportedName {
  /** `*` for all names of another module. */
  readonly name: string;
  /** Its name where it comes from. */
  readonly local: string;
  /** The module it is re-exported from, as written; undefined when it is declared here. */
  readonly from: string | undefined;
}

const RE_EXPORTS: ReadonlySet<string> = new Set(["ExportNamedDeclaration", "ExportAllDeclaration"]);

/** The names that a module exports, types too. */
export function exportedNames(body: readonly SyntaxNode[]): readonly ExportedName[] {
  return body.flatMap((node): ExportedName[] => {
    switch (node.type) {
      case "ExportAllDeclaration":
        return [{ name: "*", local: "*", from: textOf(node.source) }];
      case "ExportNamedDeclaration":
        return list(node.specifiers).map((specifier) => specified(specifier, textOf(node.source)));
      case "ExportDefaultDeclaration":
      case "ExportDefaultExpression":
        return [{ name: "default", local: "default", from: undefined }];
      case "ExportDeclaration":
        return declaredNames(node.declaration).map((name) => ({ name, local: name, from: undefined }));
      default:
        return [];
    }
  });
}

/** Whether a module has nothing but `export … from`. */
export function isOnlyReExports(body: readonly SyntaxNode[]): boolean {
  return body.every((node) => RE_EXPORTS.has(node.type) && textOf(node.source) !== undefined);
}

function specified(specifier: SyntaxNode, from: string | undefined): ExportedName {
  if (specifier.type === "ExportNamespaceSpecifier") return { name: textOf(specifier.name) ?? "", local: "*", from };
  const local = textOf(specifier.orig) ?? "";
  return { name: textOf(specifier.exported) ?? local, local, from };
}

function declaredNames(declaration: unknown): string[] {
  if (!isRecord(declaration)) return [];
  if (declaration.type !== "VariableDeclaration") {
    const name = textOf(declaration.identifier) ?? textOf(declaration.id);
    return name === undefined ? [] : [name];
  }
  return list(declaration.declarations).flatMap((each) => boundNames(each.id));
}

function boundNames(pattern: unknown): string[] {
  if (isRecord(pattern) && pattern.type === "Identifier") return [textOf(pattern) ?? ""];
  const names: string[] = [];
  for (const node of walk(pattern)) {
    const bound =
      node.type === "AssignmentPatternProperty"
        ? node.key
        : node.type === "KeyValuePatternProperty"
          ? node.value
          : undefined;
    const name = textOf(bound);
    if (name !== undefined) names.push(name);
  }
  return names;
}

function list(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? (value as readonly SyntaxNode[]) : [];
}
