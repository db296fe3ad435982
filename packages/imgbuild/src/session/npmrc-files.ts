import { dirname, join } from "node:path";

/** What decides where npm keeps its settings. */
export interface NpmrcPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The directory of the lock. */
  readonly project: string;
  /** The node that npm runs on. */
  readonly nodePath: string;
}

/** The files of npm's configuration that there may be, strongest first: project, user, global. */
export function npmrcFiles({ env, home, project, nodePath }: NpmrcPlaces): readonly string[] {
  const setting = (name: string) => env[`npm_config_${name}`] || env[`NPM_CONFIG_${name.toUpperCase()}`];
  const prefix = setting("prefix") ?? env.PREFIX ?? dirname(dirname(nodePath));
  const files = [
    join(project, ".npmrc"),
    setting("userconfig") ?? join(home, ".npmrc"),
    setting("globalconfig") ?? join(prefix, "etc", "npmrc"),
  ];
  return [...new Set(files)];
}
