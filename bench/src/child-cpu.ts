import { readFileSync } from "node:fs";

/** Field numbers of proc(5), counted after the parenthesised name: cutime and cstime. */
const CHILD_USER = 13;
const CHILD_SYSTEM = 14;
const TICKS_PER_SECOND = 100;

/**
 * Processor seconds of all processes that this one has started and seen end, in steps of 0.01; undefined where there is
 * no /proc. Unlike wall time it hardly moves when others use the machine. Work that a daemon does is not in it.
 */
export function childCpuSeconds(): number | undefined {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[CHILD_USER]) + Number(fields[CHILD_SYSTEM])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
