import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { hasInterpreter, OutputLines, type SandboxBind, type SandboxRun } from "@imgbuild/sandbox";
import { keepRun } from "../script/kept-runs.ts";
import { scriptFailure } from "../script/script-failure.ts";
import { environmentOf, localhostBind, networkBinds } from "./command-environment.ts";
import type { Job } from "./command-job.ts";
import type { LaidOut } from "./lay-out.ts";
import { secretVariables } from "./secrets.ts";
import { undeclaredFiles } from "./undeclared.ts";

/** Runs a command on what was laid out for it. Throws `script-failed` when it does not end well. */
export async function performCommand(job: Job, { view, nodes }: LaidOut): Promise<void> {
  const { step, context, command, directory, secrets } = job;
  const { derivation, signal } = step;
  const { timeoutSeconds, network } = command;
  const lines = new OutputLines((said) =>
    step.print(
      "command",
      said.map((line) => secrets.redact(line)),
    ),
  );
  const hosts = hostBinds(job);
  const secretDirectory = `${directory}/secrets`;
  let end: Awaited<ReturnType<typeof context.sandbox.run>>;
  const { words, binds } = programOf(job);
  try {
    end = await context.sandbox.run({
      ...view,
      binds: [...view.binds, ...hosts, ...binds, ...secrets.place(secretDirectory)],
      command: words,
      env: environmentOf(command),
      network,
      timeoutMs: timeoutSeconds === null ? undefined : timeoutSeconds * 1000,
      limits: {},
      signal,
      scratch: `${directory}/run`,
      onOutput: (bytes) => lines.add(bytes),
    });
  } finally {
    rmSync(secretDirectory, { recursive: true, force: true });
  }
  lines.end();
  if (end.code === 0 && !end.timedOut) return;
  job.stays = context.scripts.keepFailed;
  if (job.stays) {
    context.place.keep(directory);
    keepRun(context.store, derivation.id, { sandbox: directory, directory, run: view });
  }
  const tail = end.tail.map((line) => secrets.redact(line));
  const undeclared = undeclaredFiles(tail, { job, nodes }).map((path) => `"//${path}"`);
  throw scriptFailure(
    { ...end, tail },
    {
      label: step.label,
      what: `command "${command.title}"`,
      timeoutSeconds,
      position: derivation.position,
      kept: job.stays ? directory : undefined,
      cause:
        undeclared.length === 0 ? undefined : `it looked for ${undeclared.join(", ")}, which the command cannot see`,
      note: undeclared.length === 0 ? "" : hintFor(undeclared),
    },
  );
}

/** With network, the sandbox itself brings what a root of the command's own lacks. */
function hostBinds({ command, directory }: Job): readonly SandboxBind[] {
  if (!command.network) return [localhostBind(`${directory}/helpers`, command)];
  return command.machine === null ? [] : networkBinds();
}

function hintFor(undeclared: readonly string[]): string {
  const packages = undeclared.some((path) => path.includes("/node_modules/"));
  const npm = packages ? '; for packages of npm, add npmWorkspace({ workspace: …, dependencies: "all" })' : "";
  return `Add it to the inputs of the command: inputs: [${undeclared.join(", ")}]${npm}`;
}

/** Where a script is that another program than a shell runs, after a shell has made variables of secrets. */
const SCRIPT = "/.imgbuild/program";

function programOf({ command, directory }: Job): {
  readonly words: SandboxRun["command"];
  readonly binds: readonly SandboxBind[];
} {
  const variables = secretVariables(command);
  const { command: given } = command;
  const after = (argv: readonly string[]) => ({ argv: ["sh", "-c", `${variables}exec "$@"`, "sh", ...argv] });
  if (typeof given !== "string") return { words: variables === "" ? { argv: given } : after(given), binds: [] };
  if (variables === "" || !hasInterpreter(given)) return { words: { script: `${variables}${given}` }, binds: [] };
  const source = `${directory}/helpers/program`;
  writeFileSync(source, given);
  chmodSync(source, 0o755);
  return { words: after([SCRIPT]), binds: [{ source, target: SCRIPT, readOnly: true }] };
}
