import type { SandboxHost } from "./sandbox-host.ts";

/** `count` ids from `inside` on, which are those from `outside` on for the rest of the machine. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** No more ids are mapped: images use 16 bits. */
const WANTED = 65_536;

/**
 * The ranges that a file such as /etc/subuid (subuid(5)) gives to a user, by name or number, as a map: 0 is the user itself,
 * then come its subordinate ids. Lines that are not well formed are skipped. Empty when the user has no line.
 */
export function subordinateMap(text: string, user: { readonly id: number; readonly name: string }): IdRange[] {
  const map: IdRange[] = [];
  let inside = 1;
  for (const line of text.split("\n")) {
    const match = /^([^:]+):(\d{1,10}):(\d{1,10})$/.exec(line.trim());
    if (match === null || (match[1] !== user.name && match[1] !== String(user.id))) continue;
    const count = Math.min(Number(match[3]), WANTED - inside);
    if (count <= 0) continue;
    map.push({ inside, outside: Number(match[2]), count });
    inside += count;
  }
  return map.length === 0 ? [] : [{ inside: 0, outside: user.id, count: 1 }, ...map];
}

/** The arguments of newuidmap(1) after the process id. */
export function mapArguments(map: readonly IdRange[]): string[] {
  return map.flatMap(({ inside, outside, count }) => [String(inside), String(outside), String(count)]);
}

/** A name for the ownership that files of a map have on disk: caches of unpacked layers differ by it. */
export function mapName(host: SandboxHost, map: readonly IdRange[]): string {
  if (host.uid === 0) return "root";
  return ["user", ...map.map(({ outside, count }) => `${outside}x${count}`)].join("-");
}
