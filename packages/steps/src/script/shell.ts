import { mkdirSync } from "node:fs";
import type { ImageData } from "@imgbuild/image";
import { removeTree, type SandboxRun } from "@imgbuild/sandbox";
import type { Store } from "@imgbuild/store";
import type { OpenedSandbox } from "./open-sandbox.ts";
import type { KeptRun } from "./run-scripts.ts";
import { unpackBase } from "./unpack-base.ts";

/** What a shell for a person needs. */
export interface ShellContext extends OpenedSandbox {
  readonly store: Store;
  readonly signal: AbortSignal;
}

/** A shell in a sandbox that a failed script left; what is changed there stays. Gives the exit code of the shell. */
export function enterKept(kept: KeptRun, context: ShellContext): Promise<number> {
  const { cwd } = kept.run;
  return withScratch(context, (directory) => enter(kept.run, { context, env: {}, cwd, scratch: `${directory}/run` }));
}

/** A shell in the files of an image, as user 0; what is changed there is thrown away. Gives the exit code of the shell. */
export function enterImage(
  image: ImageData,
  { env, cwd, context }: { readonly env: readonly string[]; readonly cwd: string; readonly context: ShellContext },
): Promise<number> {
  return withScratch(context, async (directory) => {
    const lower = await unpackBase(image.layers, context);
    const view = {
      root: { kind: "overlay", lower, upper: `${directory}/upper`, work: `${directory}/work` },
      cwd: "/",
      binds: [],
      user: "root",
    } as const;
    return enter(view, { context, env: pairsOf(env), cwd, scratch: `${directory}/run` });
  });
}

function pairsOf(env: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    env.map((entry) => [entry.split("=", 1)[0] ?? "", entry.slice(entry.indexOf("=") + 1)] as const),
  );
}

/** The prompt is set here: a shell that reads a script forgets the one of its environment. */
const SHELL = `cd -- "$IMGBUILD_CWD" 2> /dev/null || :
unset IMGBUILD_CWD
PS1='imgbuild:\\w# '
export PS1
if [ -n "\${BASH-}" ]; then exec "$BASH" --norc --noprofile -i; fi
exec /bin/sh -i
`;

async function enter(
  view: KeptRun["run"],
  how: {
    readonly context: ShellContext;
    readonly env: SandboxRun["env"];
    readonly cwd: string;
    readonly scratch: string;
  },
): Promise<number> {
  const { context, env, cwd, scratch } = how;
  const end = await context.sandbox.run({
    ...view,
    command: { script: SHELL },
    env: { TERM: "xterm", ...env, IMGBUILD_CWD: cwd },
    network: false,
    timeoutMs: undefined,
    limits: {},
    signal: context.signal,
    scratch,
    onOutput: () => undefined,
    terminal: true,
  });
  return end.code ?? 137;
}

async function withScratch(context: ShellContext, body: (directory: string) => Promise<number>): Promise<number> {
  const { place, sandbox } = context;
  const directory = place.newSandbox();
  try {
    for (const name of ["upper", "work", "run"]) mkdirSync(`${directory}/${name}`, { mode: 0o755 });
    return await body(directory);
  } finally {
    await removeTree(sandbox.abilities, directory);
  }
}
