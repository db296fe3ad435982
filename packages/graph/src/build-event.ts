import type { ImgbuildError } from "@imgbuild/errors";

/** How a step ended. */
export type StepResult = "hit" | "built" | "failed" | "cancelled";

/** Why a step was not a hit, as a closed set. */
export type MissReason = "never-built" | "files-changed" | "definition-changed" | "evicted" | "forced" | "no-cache";

/** A step as the plan sees it. */
export interface PlannedStep {
  /** Derivation id. */
  readonly id: string;
  readonly kind: string;
  /** The first target (by label) that needs it. */
  readonly label: string;
  /** `maybe`: an input will be built, so whether this one is needed is known only then. */
  readonly state: "hit" | "build" | "maybe";
}

/**
 * Everything that happens in a run, as one closed union. The terminal, the plain lines, `--json` and the tests all read
 * it. Times are milliseconds, sizes bytes.
 */
export type BuildEvent =
  | { readonly type: "run.start"; readonly command: string; readonly targets: readonly string[]; readonly jobs: number }
  | { readonly type: "eval.done"; readonly definitions: number; readonly cached: boolean; readonly ms: number }
  | {
      readonly type: "sweep.done";
      readonly files: number;
      readonly filesOpened: number;
      readonly bytesHashed: number;
      readonly ms: number;
    }
  | { readonly type: "plan.done"; readonly steps: readonly PlannedStep[] }
  | {
      readonly type: "target.why";
      readonly label: string;
      readonly reason: MissReason;
      readonly message: string;
      readonly paths: readonly string[];
    }
  | {
      readonly type: "step.start";
      readonly id: string;
      readonly kind: string;
      /** What is made, for people: `npm package fastify@5.0.0`. */
      readonly title: string;
      readonly label: string;
    }
  | {
      readonly type: "step.progress";
      readonly id: string;
      readonly label: string;
      readonly bytes: number;
      /** Bytes that there will be, where somebody said it. */
      readonly total?: number | undefined;
    }
  /** Whole lines that a script or another program of a step printed. */
  | {
      readonly type: "step.output";
      readonly id: string;
      readonly label: string;
      /** What printed it, as people know it: `runAsRoot`. */
      readonly source: string;
      readonly lines: readonly string[];
    }
  | {
      readonly type: "step.end";
      readonly id: string;
      readonly kind: string;
      readonly title: string;
      readonly label: string;
      readonly result: StepResult;
      readonly ms: number;
      readonly bytes: number;
      readonly savedMs: number;
    }
  | { readonly type: "lock.wait"; readonly label: string; readonly holder: string }
  | {
      readonly type: "target.done";
      readonly label: string;
      readonly reference: string;
      readonly digest: string;
      readonly unchanged: boolean;
      readonly result: "hit" | "built";
    }
  | { readonly type: "target.failed"; readonly label: string; readonly error: ImgbuildError }
  | { readonly type: "deliver.start"; readonly label: string; readonly sink: string }
  | { readonly type: "deliver.progress"; readonly label: string; readonly sink: string; readonly bytes: number }
  | {
      readonly type: "deliver.done";
      readonly label: string;
      readonly sink: string;
      readonly destination: string;
      readonly bytes: number;
      readonly layersSent: number;
      readonly layersSkipped: number;
      readonly ms: number;
    }
  /** The command failed as a whole: wrong usage, a bad definition, no store. Failures of targets have their own event. */
  | { readonly type: "error"; readonly error: ImgbuildError }
  | { readonly type: "warning"; readonly message: string; readonly hint?: string }
  | {
      readonly type: "run.end";
      readonly exitCode: number;
      readonly ms: number;
      readonly hits: number;
      readonly built: number;
      readonly failed: number;
      readonly savedMs: number;
      readonly bytesWritten: number;
      readonly unchanged: number;
    };

/** Receives events in the order they happen. Must not throw. */
export type EventSink = (event: BuildEvent) => void;
