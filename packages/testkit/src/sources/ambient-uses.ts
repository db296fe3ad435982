import { isRecord, type SyntaxNode, textOf, walk } from "./syntax.ts";

const MEMBERS: ReadonlySet<string> = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "process.argv",
  "process.cwd",
  "process.env",
  "process.getegid",
  "process.geteuid",
  "process.getgid",
  "process.getuid",
  "process.hrtime",
  "process.pid",
  "process.umask",
]);

/** Methods that follow the locale or the time zone, whoever they are called on. */
const METHODS: ReadonlySet<string> = new Set([
  "localeCompare",
  "toLocaleDateString",
  "toLocaleLowerCase",
  "toLocaleString",
  "toLocaleTimeString",
  "toLocaleUpperCase",
]);

const MODULES: ReadonlySet<string> = new Set([
  "node:os",
  "node:perf_hooks",
  "node:process",
  "os",
  "perf_hooks",
  "process",
]);

/** What a module takes from clock, chance, environment, locale or user, once each: `Date.now`, `new Date()`, `node:os`. */
export function ambientUses(body: readonly SyntaxNode[]): readonly string[] {
  const found = new Set<string>();
  for (const node of walk(body)) {
    const use = useOf(node);
    if (use !== undefined) found.add(use);
  }
  return [...found];
}

function useOf(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case "MemberExpression":
      return memberUse(node);
    case "NewExpression": {
      const bare = Array.isArray(node.arguments) && node.arguments.length === 0;
      return textOf(node.callee) === "Date" && bare ? "new Date()" : undefined;
    }
    case "CallExpression":
      return textOf(node.callee) === "Date" ? "Date()" : undefined;
    case "ImportDeclaration": {
      const source = textOf(node.source) ?? "";
      return MODULES.has(source) && node.typeOnly !== true ? source : undefined;
    }
    default:
      return undefined;
  }
}

function memberUse({ object, property }: SyntaxNode): string | undefined {
  const name = textOf(property) ?? (isRecord(property) ? textOf(property.expression) : undefined) ?? "";
  const owner = textOf(object) ?? "";
  if (owner === "Intl") return `Intl.${name}`;
  if (METHODS.has(name)) return name;
  return MEMBERS.has(`${owner}.${name}`) ? `${owner}.${name}` : undefined;
}
