import type { ImageValue, Source, SourceLike, Value } from "../source.ts";

/** The attributes of {@link DefinitionApi.runCommand}. */
export interface RunCommandOptions {
  /** The text of a shell script, run with `sh -e`; or a program and its arguments, which no shell touches. */
  readonly command: string | readonly string[];
  /**
   * What the command sees, read-only. A source or a list of them: files of the workspace at the place that they have there, below
   * `/work`; every other source where its own paths say. Or sources by place: an absolute path, or one relative to the working
   * directory.
   */
  readonly inputs?: SourceLike | readonly SourceLike[] | Readonly<Record<string, SourceLike>>;
  /**
   * What is kept, relative to the working directory. One path: the value is what is there. A list: a tree that has each at its
   * path.
   */
  readonly outputs: string | readonly string[];
  /** Variables beside the fixed PATH, HOME, TMPDIR, TZ, LC_ALL and SOURCE_DATE_EPOCH. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Where the command starts and outputs count from: absolute, or `//x` for `/work/x`. Default: that of an npmWorkspace among the
   * inputs; else where the definition is below `/work`, or `/work` where inputs are given by place.
   */
  readonly workingDirectory?: string;
  /** The root file system: a source or an image. Default: programs and libraries of this machine, and the Node that runs imgbuild. */
  readonly root?: SourceLike | ImageValue;
  /** Lets the command use the network; default false. What it then makes is not decided by its key. */
  readonly network?: boolean;
  /** Names of secrets that the command finds in /run/secrets; with `env: true` as a variable as well. */
  readonly secrets?: readonly (string | { readonly name: string; readonly env?: boolean })[];
  /** Seconds after which it is ended; default none. */
  readonly timeout?: number | null;
}

/** Every attribute, for checks. */
export const RUN_COMMAND_ATTRIBUTES = [
  "command",
  "inputs",
  "outputs",
  "env",
  "workingDirectory",
  "root",
  "network",
  "secrets",
  "timeout",
] as const satisfies readonly (keyof RunCommandOptions)[];

/** What a command makes. Usable wherever a source is. */
export interface RunCommandValue extends Value<"runCommand"> {
  /** One of several outputs, as if it were the only one. */
  output(path: string): Source;
}
