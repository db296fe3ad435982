import { randomBytes } from "node:crypto";

const PATTERN = /^tmp-(\d+)-[0-9a-f]{16}$/;

/** A new name for a temporary file of process `pid`; two containers that share a store may have equal pids. */
export function tempName(pid: number): string {
  return `tmp-${pid}-${randomBytes(8).toString("hex")}`;
}

/** The process that a temporary file belongs to; undefined when `name` is not one of ours. */
export function pidOfTemp(name: string): number | undefined {
  const match = PATTERN.exec(name);
  return match === null ? undefined : Number(match[1]);
}
