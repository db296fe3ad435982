import { byCodeUnit } from "../text/by-code-unit.ts";

/** What a package needs, by name: `before` more strongly than `after`. */
export interface OrderNode {
  readonly name: string;
  readonly preDepends: readonly string[];
  readonly depends: readonly string[];
}

/**
 * Names so that what a package needs comes before it. Where packages need each other in a circle, Pre-Depends are kept
 * as far as they make no circle of their own, then names decide. Equal input in any order gives equal output.
 */
export function dependencyOrder(nodes: readonly OrderNode[]): readonly string[] {
  const byName = new Map([...nodes].sort((a, b) => byCodeUnit(a.name, b.name)).map((node) => [node.name, node]));
  const all = (name: string): readonly string[] => {
    const node = byName.get(name);
    return node === undefined
      ? []
      : [...node.preDepends, ...node.depends].filter((next) => byName.has(next)).sort(byCodeUnit);
  };
  const before = (name: string): readonly string[] => [...(byName.get(name)?.preDepends ?? [])].sort(byCodeUnit);
  return components([...byName.keys()], all).flatMap((component) => {
    if (component.length === 1) return component;
    const inside = new Set(component);
    const names = [...component].sort(byCodeUnit);
    return components(names, (name) => before(name).filter((next) => inside.has(next))).flatMap((part) =>
      [...part].sort(byCodeUnit),
    );
  });
}

interface Visit {
  readonly name: string;
  readonly next: readonly string[];
  at: number;
}

/** Strongly connected components, each after those that it points to (Tarjan, without recursion). */
function components(names: readonly string[], edges: (name: string) => readonly string[]): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const result: string[][] = [];
  const lower = (name: string, to: number | undefined): void => {
    if (to !== undefined && to < (low.get(name) ?? 0)) low.set(name, to);
  };
  const enter = (name: string): Visit => {
    low.set(name, index.size);
    index.set(name, index.size);
    open.push(name);
    isOpen.add(name);
    return { name, next: edges(name), at: 0 };
  };
  for (const root of names) {
    if (index.has(root)) continue;
    const stack = [enter(root)];
    for (let visit = stack.at(-1); visit !== undefined; visit = stack.at(-1)) {
      const next = visit.next[visit.at];
      visit.at += 1;
      if (next !== undefined) {
        if (!index.has(next)) stack.push(enter(next));
        else if (isOpen.has(next)) lower(visit.name, index.get(next));
        continue;
      }
      stack.pop();
      const above = stack.at(-1);
      if (above !== undefined) lower(above.name, low.get(visit.name));
      if (low.get(visit.name) !== index.get(visit.name)) continue;
      const component = open.splice(open.lastIndexOf(visit.name));
      for (const name of component) isOpen.delete(name);
      result.push(component);
    }
  }
  return result;
}
