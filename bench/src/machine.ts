import { spawnSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";

/** What a reader needs to judge the figures. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly fileSystem: string;
  /** Of the minute before the run: above about 0.5, others were working too. */
  readonly loadBefore: number;
}

export function machineFacts(directory: string): Machine {
  const list = cpus();
  const fileSystem = spawnSync("stat", ["-f", "-c", "%T", directory], { encoding: "utf8" }).stdout;
  return {
    processor: list[0]?.model.trim() ?? "unknown",
    cores: list.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    fileSystem: fileSystem?.trim() ?? "unknown",
    loadBefore: loadavg()[0] ?? 0,
  };
}
