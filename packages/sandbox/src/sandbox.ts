import { type Abilities, findAbilities } from "./abilities.ts";
import { findHostTools, type HostTools } from "./host-tools.ts";
import { runSandboxed } from "./run-sandboxed.ts";
import type { SandboxHost } from "./sandbox-host.ts";
import type { SandboxEnd, SandboxRun } from "./sandbox-run.ts";

/** Runs scripts; keeps what it found out about this machine. */
export interface Sandbox {
  readonly abilities: Abilities;
  /** {@link runSandboxed}. */
  run(run: SandboxRun): Promise<SandboxEnd>;
}

/** A sandbox for this user of this machine. Starts nothing. Throws `unsupported` with what the machine lacks. */
export function openSandbox(host: SandboxHost, platform: string): Sandbox {
  const abilities = findAbilities(host, platform);
  let tools: HostTools | undefined;
  const lend = () => {
    tools ??= findHostTools(abilities);
    return tools;
  };
  return { abilities, run: (run) => runSandboxed(abilities, run, lend) };
}
