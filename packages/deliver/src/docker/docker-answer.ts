/** An answer of the daemon, read to its end. */
export interface DockerAnswer {
  readonly status: number;
  readonly text: string;
}
