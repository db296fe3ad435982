import type { DerivationId, Step } from "@imgbuild/graph";
import type { LayerIndexes } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { SweptTree } from "../path/swept-tree.ts";
import type { OpenedSandbox } from "../script/open-sandbox.ts";
import type { Command } from "./command-args.ts";
import type { Secrets } from "./secrets.ts";

/** What the runner of commands needs. */
export interface CommandRunnerOptions {
  readonly store: Store;
  readonly workspaceRoot: string;
  readonly swept: (id: DerivationId) => SweptTree;
  readonly indexes: LayerIndexes;
  readonly openSandbox: () => Promise<OpenedSandbox>;
}

/** One command that is being run. */
export interface Job {
  readonly step: Step;
  readonly context: CommandRunnerOptions & OpenedSandbox;
  readonly command: Command;
  readonly secrets: Secrets;
  /** All that it needs on disk. */
  readonly directory: string;
  /** Whether `directory` stays after a failure. */
  stays: boolean;
}
