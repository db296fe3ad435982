import { readdirSync, readFileSync } from "node:fs";

const CLOSE_ON_EXEC = 0o2000000;

/**
 * The descriptors above `last` that every program that is started here would get, in order: those that the caller of this process
 * had open (`exec 100>lock`, a job server). Node closes the first sixteen for its children, and no more.
 */
export function inheritedFiles(last: number): number[] {
  const own = "/proc/self/fdinfo";
  return readdirSync(own)
    .map(Number)
    .filter((descriptor) => descriptor > last && stays(`${own}/${descriptor}`))
    .sort((a, b) => a - b);
}

function stays(info: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(info, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // Closed meanwhile, as that of the listing itself is.
    return false;
  }
}
