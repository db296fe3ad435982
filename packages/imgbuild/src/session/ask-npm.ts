import { execFile } from "node:child_process";

/** Settings that would tell npm of a registry. */
const REGISTRY = /^npm_config_(registry|userconfig|globalconfig)$/i;

/**
 * The registry that npm says it uses, or (`default registry`) that it would use if nothing named one. Undefined where there is
 * no npm to ask.
 */
export async function askNpm(
  what: "registry" | "default registry",
  {
    env,
    cwd,
    signal,
  }: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
    readonly signal: AbortSignal;
  },
): Promise<string | undefined> {
  const plain = what === "default registry";
  const settings = Object.entries(env).filter(([name]) => !plain || !REGISTRY.test(name));
  const files = plain ? { npm_config_userconfig: "/dev/null", npm_config_globalconfig: "/dev/null" } : {};
  const options = {
    cwd: plain ? "/" : cwd,
    env: { ...Object.fromEntries(settings), ...files },
    signal,
    timeout: 20_000,
  };
  const output = await new Promise<string>((resolve) => {
    execFile("npm", ["config", "get", "registry"], options, (error, stdout) => resolve(error === null ? stdout : ""));
  });
  const address = output.trim();
  return /^https?:\/\//.test(address) ? address : undefined;
}
