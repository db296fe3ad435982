import { readFileSync, readlinkSync } from "node:fs";
import { systemCode } from "@imgbuild/errors";

/** Who a process is, beyond a number that is used again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's own unit; "" where the system does not tell. */
  readonly start: string;
  readonly host: string;
  /** The running system and pid namespace in which `pid` means something. */
  readonly machine: string;
  /** Changes at every start of the system; "" where it is not known. */
  readonly boot: string;
}

/** The identity of the process `pid` on this machine. */
export function identify(pid: number, host: string): ProcessIdentity {
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
  const namespace = read(() => readlinkSync("/proc/self/ns/pid"));
  return { pid, start: readStat(pid)?.start ?? "", host, boot, machine: `${host}|${boot}|${namespace}` };
}

/** Whether that very process still runs: a zombie does not, nor does another one with its number. */
export function isProcessAlive(pid: number, start: string): boolean {
  const stat = readStat(pid);
  if (stat !== undefined) return stat.state !== "Z" && (start === "" || stat.start === start);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

/** State and start time from Linux' /proc (proc(5)); undefined elsewhere and for no such process. */
function readStat(pid: number): { readonly state: string; readonly start: string } | undefined {
  const text = read(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  if (text === "") return undefined;
  // The second field is the program's name in brackets, which may hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", start: fields[19] ?? "" };
}

function read(attempt: () => string): string {
  try {
    return attempt();
  } catch {
    return "";
  }
}
