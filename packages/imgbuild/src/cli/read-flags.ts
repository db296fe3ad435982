import { ImgbuildError } from "@imgbuild/errors";
import type { Flags } from "./parsed-flags.ts";

/** Turns the values of options, by name, into flags. Throws `usage`. */
export function readFlags(
  args: Readonly<Record<string, unknown>>,
  words: { readonly labels: readonly string[]; readonly rest: readonly string[] },
): Flags {
  const jobs = args.jobs as number | undefined;
  if (jobs !== undefined && (!Number.isInteger(jobs) || jobs < 1)) {
    const given = Number.isNaN(jobs) ? "--jobs with what is no number" : `--jobs ${jobs}`;
    throw new ImgbuildError("usage", `Cannot use ${given}: wanted a whole number from 1 up`, {
      hint: "Write for example -j 4",
    });
  }
  for (const name of ["cwd", "cache-dir", "output", "compression", "profile", "report", "max-size"]) {
    if (args[name] !== "") continue;
    throw new ImgbuildError("usage", `Cannot use --${name}: its value is empty`, {
      hint: `Give it a value, or leave --${name} out`,
    });
  }
  return {
    ...words,
    cwd: (args.cwd as string | undefined) ?? ".",
    cacheDir: args["cache-dir"] as string | undefined,
    jobs,
    keepGoing: args["keep-going"] === true,
    force: args.force === true,
    cache: args.cache !== false,
    keepFailed: args["keep-failed"] === true,
    output: args.output as string | undefined,
    format: (args.format as Flags["format"] | undefined) ?? "docker-archive",
    compression: args.compression as string | undefined,
    json: args.json === true,
    profile: args.profile as string | undefined,
    report: args.report as string | undefined,
    progress: (args.progress as Flags["progress"] | undefined) ?? "auto",
    color: args.color as boolean | undefined,
    verbose: args.verbose === true,
    quiet: args.quiet === true,
    repair: args.repair === true,
    dryRun: args["dry-run"] === true,
    maxSize: args["max-size"] as string | undefined,
    maxAge: args["max-age"] as number | undefined,
    check: args.check === true,
    update: [args.update ?? []].flat() as string[],
    as: (args.as as Flags["as"] | undefined) ?? "dot",
  };
}
