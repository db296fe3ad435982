import type { JsonValue } from "@imgbuild/graph";
import type { DebianRequest } from "./debian/debian-request.ts";
import type { RawPosition } from "./source.ts";

/** A question to the host about the world outside. Recorded with its answer: both belong to the evaluation's key. */
export type Fact =
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "file"; readonly path: string }
  | {
      readonly kind: "glob";
      readonly cwd: string;
      readonly include: readonly string[];
      readonly exclude: readonly string[];
    }
  | { readonly kind: "git.head" }
  /** What programs of this machine are known to be: a text with the version of Node and the platform. */
  | { readonly kind: "machine" }
  /** What `imgbuild.lock` has for a request: a {@link LockAnswer}. */
  | { readonly kind: "debianLock"; readonly request: DebianRequest; readonly position: RawPosition };

/** What the host says: a value, or why there is none. */
export type FactAnswer =
  | { readonly value: JsonValue }
  | {
      readonly code:
        | "input-missing"
        | "input-unreadable"
        | "invalid-archive"
        | "path-escape"
        | "unsupported"
        | "definition";
      readonly error: string;
    };

/** The one way out of an evaluation. None of the functions may throw. */
export interface Host {
  /** The host answers from the world and records what it said. */
  readonly ask: (fact: Fact) => FactAnswer;
  /** Where the definition that is running now called the API: the top frame of the user's own code. */
  readonly position: () => RawPosition;
  /** Tells the user something; kept with the evaluation, and said again when it is reused. */
  readonly warn: (message: string) => void;
}

/** Who calls: the host, and the directory (relative to the workspace) of the file that imported the API. */
export interface Caller {
  readonly host: Host;
  readonly dir: string;
}
