/** A text whose words are to be counted. */
export interface Job {
  readonly id: string;
  readonly text: string;
}

/** What became of a job. */
export type JobState =
  | { readonly state: "unknown" }
  | { readonly state: "waiting" }
  | { readonly state: "done"; readonly words: number };

/** Hands jobs from the api to the worker. */
export interface JobQueue {
  /** Adds a job and gives its id. */
  add(text: string): Promise<string>;
  state(id: string): Promise<JobState>;
  /** The next job; undefined when none came within a second. */
  take(): Promise<Job | undefined>;
  finish(id: string, words: number): Promise<void>;
  close(): Promise<void>;
}
