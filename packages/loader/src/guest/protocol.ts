import type { EncodedNode, RawPosition, WorkspaceConfig } from "@imgbuild/define";
import type { ErrorCode, Position } from "@imgbuild/errors";

/** File name of the evaluated script; frames of the user's code carry it in stack traces. */
export const DEFINITIONS_SCRIPT = "imgbuild:definitions";

/** What the host hands to the context: strings in, strings out. */
export type Bridge = (question: string) => string;

/** An error on its way out of the context. */
export interface EncodedError {
  /** `threw` when it is an error of the user or of the language rather than ours. */
  readonly code: ErrorCode | "threw";
  readonly message: string;
  readonly hint: string | null;
  /** Where it was made: `line:column` of the evaluated script, one a line, innermost first; empty when not known. */
  readonly stack: string;
  /** Made because a value was undefined: perhaps a circle of imports. */
  readonly undefinedValue: boolean;
  /** A place that the error names itself, in a file that the definition read. */
  readonly position: Position | null;
  readonly related: readonly EncodedProblem[];
}

/** One of several errors that are thrown together. */
export interface EncodedProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly position: Position | null;
}

/** An export that is a derivation. */
export interface EncodedTarget {
  /** The definition, relative to the workspace. */
  readonly file: string;
  /** `default` or the name of the export. */
  readonly name: string;
  readonly node: number;
}

/** An export that is none. */
export interface OtherExport {
  readonly file: string;
  readonly name: string;
  /** A few words: `a function`. */
  readonly what: string;
}

/** What went wrong in a definition, or while it was loaded. */
export interface Failure {
  /** The definition, relative to the workspace. */
  readonly file: string;
  readonly error: EncodedError;
  /** Nothing was thrown: it counts only when the innermost place is in a file of the user. */
  readonly unlessInPackage?: boolean;
}

/** Everything an evaluation gives, as JSON. */
export interface Report {
  readonly nodes: readonly EncodedNode[];
  readonly targets: readonly EncodedTarget[];
  readonly others: readonly OtherExport[];
  readonly failures: readonly Failure[];
  readonly warnings: readonly { readonly message: string; readonly position: RawPosition }[];
  /** The checked default export of the config file, when that was asked for. */
  readonly config: WorkspaceConfig | null;
}

/** Questions over the bridge that are no facts. */
export type Notice = { readonly kind: "enter"; readonly file: string };
