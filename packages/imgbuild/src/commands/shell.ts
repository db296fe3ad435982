import { ImgbuildError } from "@imgbuild/errors";
import { readImageConfig } from "@imgbuild/image";
import { enterImage, enterKept, type KeptRun, keptRun, type ShellContext } from "@imgbuild/steps";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import type { BuiltTarget } from "../session/build-targets.ts";
import { openerOf } from "../session/kept-sandboxes.ts";
import { evaluateTargets } from "../session/prepare.ts";
import { runBuildCommand } from "../session/run-command.ts";
import { type Session, withSession } from "../session/session.ts";

/**
 * `imgbuild shell LABEL`: a shell in the sandbox that a failed script of the target left, or else in the files of the image,
 * which is built first. Its exit code is ours.
 */
export async function runShell(flags: Flags, host: Host): Promise<number> {
  if (flags.json) {
    throw new ImgbuildError("usage", "Cannot enter a shell with --json: both want stdout", {
      hint: "Leave out --json",
    });
  }
  const kept = await withSession(flags, host, async (session) => {
    const found = await findKept(session);
    return found === undefined ? undefined : enterKept(found, await contextOf(session));
  });
  return kept ?? runBuildCommand(flags, host, { name: "shell", after: enterTarget });
}

async function contextOf(session: Session): Promise<ShellContext> {
  return { ...(await openerOf(session)()), store: session.store, signal: session.host.signal };
}

async function findKept(session: Session): Promise<KeptRun | undefined> {
  const { labels } = await evaluateTargets(session, session.flags.labels);
  const [label, ...more] = labels;
  if (label === undefined || more.length > 0) {
    throw new ImgbuildError("usage", `Cannot enter ${labels.length} targets at once: wanted one`, {
      hint: "Name one label",
    });
  }
  return keptRun(session.store, label);
}

async function enterTarget(session: Session, [target]: readonly BuiltTarget[]): Promise<number> {
  if (target === undefined) return 0;
  const { image } = target;
  if (image === undefined) {
    throw new ImgbuildError("usage", `Cannot enter ${target.target.label}: it is no single image`, {
      hint: "Name one of the images that it is made of",
    });
  }
  const { config } = readImageConfig(session.store, image);
  session.reporter.close();
  const { Env, WorkingDir } = config ?? {};
  const cwd = WorkingDir === undefined || WorkingDir === "" ? "/" : WorkingDir;
  return enterImage(image, { env: Env ?? [], cwd, context: await contextOf(session) });
}
