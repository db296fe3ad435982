import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import { type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.ts";
import { buildRuntime, type Runtime } from "./runtime.ts";
import type { EvaluationCache } from "./saved-evaluation.ts";

let runtime: Promise<Runtime> | undefined;

/** The runtime from the sources, built once a test file. */
export function testRuntime(): Promise<Runtime> {
  runtime ??= buildRuntime(join(__dirname, "../.."));
  return runtime;
}

/** A temporary workspace of tests: files in, evaluations out. */
export class TestWorkspace {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "imgbuild-loader-")));
  readonly env: Record<string, string> = {};
  readonly entries = new Map<string, string>();
  readonly searches = new Map<string, string>();
  /** How far the clock is ahead: files count as old, so that results are kept. */
  ahead = 1_000;

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.write({ "imgbuild.config.ts": "export default {}", ...files });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), content);
    }
  }

  touch(path: string): void {
    utimesSync(join(this.root, path), new Date(), new Date());
  }

  async evaluate(
    patterns: string | readonly string[] = "//...",
    more: Partial<EvaluateOptions> = {},
  ): Promise<Evaluation> {
    return evaluate({
      workspaceRoot: this.root,
      patterns: typeof patterns === "string" ? [patterns] : patterns,
      cache: cacheIn(this.entries),
      searches: cacheIn(this.searches),
      runtime: await testRuntime(),
      readEnv: (name) => this.env[name],
      now: () => Date.now() + this.ahead,
      signal: new AbortController().signal,
      ...more,
    });
  }

  /** Everything that an evaluation complains about, as `code file:line:column message`. */
  async complaints(
    patterns: string | readonly string[] = "//...",
    more: Partial<EvaluateOptions> = {},
  ): Promise<string[]> {
    return (await this.errors(patterns, more)).map((error) => {
      const at = error.position;
      return `${error.code} ${at === undefined ? "-" : `${at.file}:${at.line}:${at.column}`} ${error.message}`;
    });
  }

  async errors(
    patterns: string | readonly string[] = "//...",
    more: Partial<EvaluateOptions> = {},
  ): Promise<ImgbuildError[]> {
    const thrown: unknown = await this.evaluate(patterns, more).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown === undefined) return [];
    if (!(thrown instanceof ImgbuildError)) throw thrown;
    return [thrown, ...thrown.related];
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function cacheIn(entries: Map<string, string>): EvaluationCache {
  return { get: (key) => entries.get(key), set: (key, value) => void entries.set(key, value) };
}
