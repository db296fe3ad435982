import { isRecord, type SyntaxNode, textOf, walk } from "./syntax.ts";

/** Everything a module names as a source, as written and once: imports, re-exports, `import()`, `require`, types too. */
export function importsOf(body: readonly SyntaxNode[]): readonly string[] {
  const found = new Set<string>();
  for (const node of walk(body)) {
    const source = sourceOf(node);
    if (source !== undefined) found.add(source);
  }
  return [...found];
}

function sourceOf(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
      return textOf(node.source);
    case "TsImportType":
      return textOf(node.argument);
    case "TsExternalModuleReference":
      return textOf(node.expression);
    case "CallExpression":
      return calledSource(node);
    default:
      return undefined;
  }
}

function calledSource({ callee, arguments: given }: SyntaxNode): string | undefined {
  const loads = isRecord(callee) && (callee.type === "Import" || textOf(callee) === "require");
  const first = Array.isArray(given) ? given[0] : undefined;
  return loads && isRecord(first) ? textOf(first.expression) : undefined;
}
