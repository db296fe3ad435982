import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { jsonReporter, plainReporter, type Reporter, terminalReporter } from "@imgbuild/report";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";

type Look = Pick<Flags, "json" | "progress" | "color" | "verbose" | "quiet">;

/** The reporter that flags, terminal and environment ask for. Events go to stderr, but for `--json`. */
export function makeReporter(flags: Look, host: Host, workspaceRoot: string | undefined): Reporter {
  const timing = {
    now: () => host.clock(),
    later: (work: () => void, ms: number) => void setTimeout(work, ms).unref(),
  };
  if (flags.json) return jsonReporter({ write: (text) => host.stdout.write(text), ...timing });
  if (flags.progress === "json") return jsonReporter({ write: (text) => host.stderr.write(text), ...timing });
  // Who wants no progress still wants to know what failed.
  const quiet = flags.quiet || flags.progress === "none";
  const text = {
    write: (out: string) => host.stderr.write(out),
    colour: wantsColour(flags, host),
    verbosity: quiet ? "quiet" : flags.verbose ? "verbose" : "normal",
    readLine: lineReader(workspaceRoot),
  } as const;
  const live = flags.progress === "auto" && host.stderr.isTTY === true && !host.env.CI && host.env.TERM !== "dumb";
  if (!live || quiet) return plainReporter({ ...text, now: () => host.clock() });
  return terminalReporter({
    ...text,
    columns: () => host.stderr.columns ?? 80,
    now: () => host.clock(),
    every: (draw) => {
      const timer = setInterval(draw, 100);
      timer.unref();
      return () => clearInterval(timer);
    },
  });
}

/** Colour: the flag, else NO_COLOR, FORCE_COLOR, else whether stderr is a terminal. */
export function wantsColour(flags: Pick<Flags, "color">, host: Host): boolean {
  if (flags.color !== undefined) return flags.color;
  if (host.env.NO_COLOR) return false;
  if (host.env.FORCE_COLOR) return host.env.FORCE_COLOR !== "0";
  return host.stderr.isTTY === true && host.env.TERM !== "dumb";
}

/** Gives lines of files of the workspace, to show where an error is. */
export function lineReader(workspaceRoot: string | undefined): (file: string, line: number) => string | undefined {
  return (file, line) => {
    try {
      const path = isAbsolute(file) || workspaceRoot === undefined ? file : join(workspaceRoot, file);
      return readFileSync(path, "utf8").split("\n")[line - 1];
    } catch {
      return undefined;
    }
  };
}
