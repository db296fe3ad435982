const BITS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111 };
const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o007 };

/** Whether chmod(1) would understand a text as changes to a mode. */
export function isModeChange(text: string): boolean {
  return /^[ugoa]*[-+=][rwxXst]*(?:,[ugoa]*[-+=][rwxXst]*)*$/.test(text);
}

/** A mode with the changes of {@link isModeChange} made to it. `X` is execution of what is a directory or executable already. */
export function changedMode(mode: number, change: string, isDirectory: boolean): number {
  let result = mode;
  for (const clause of change.split(",")) {
    const [, who = "", operator = "", bits = ""] = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause) ?? [];
    const all = who === "" || who.includes("a");
    const mask = all ? 0o7777 : [...who].reduce((sum, each) => sum | (WHO[each] ?? 0), 0);
    let wanted = [...bits].reduce((sum, each) => sum | (BITS[each] ?? 0), 0);
    if (bits.includes("X") && (isDirectory || (result & 0o111) !== 0)) wanted |= 0o111;
    if (bits.includes("s")) wanted |= 0o6000;
    wanted &= mask;
    if (bits.includes("t")) wanted |= 0o1000;
    if (operator === "+") result |= wanted;
    else if (operator === "-") result &= ~wanted;
    else result = (result & ~(mask & 0o777)) | wanted;
  }
  return result & 0o7777;
}
