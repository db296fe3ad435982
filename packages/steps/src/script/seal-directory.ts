import { mappedCommand, type Sandbox } from "@imgbuild/sandbox";

/** One line a file: what changes when anybody touches it, but for what reading does. Without the directory itself: moving it changes its times. */
const FORMAT = String.raw`%P\0%y %m %U %G %s %C@ %i %l\n`;
const SCRIPT = 'for d do find "./$d" -mindepth 1 -printf "$FORMAT" | sha256sum || exit 1; done';

/**
 * Digests of unpacked directories as they are on disk (names, owners, modes, sizes, change times, inodes), in the order of
 * `names`, for a later comparison on this machine. Contents are not read. Undefined where the machine has no find(1) that can.
 */
export async function sealDirectories(
  sandbox: Sandbox,
  on: { readonly parent: string; readonly names: readonly string[]; readonly signal: AbortSignal },
): Promise<readonly string[] | undefined> {
  const { parent, names, signal } = on;
  if (names.length === 0) return [];
  const { abilities } = sandbox;
  let text = "";
  const argv = [abilities.tool("sh") ?? "sh", "-c", `FORMAT='${FORMAT}'\n${SCRIPT}`, "sh", ...names];
  const end = await mappedCommand(abilities, argv, {
    signal,
    cwd: parent,
    drain: async (stdout) => {
      for await (const bytes of stdout) text += String(bytes);
    },
  });
  const seals = text.split("\n").flatMap((line) => /^[0-9a-f]{64}/.exec(line)?.[0] ?? []);
  return end.code === 0 && end.stderr === "" && seals.length === names.length ? seals : undefined;
}
