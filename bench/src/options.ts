import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

export interface Options {
  /** Tiny trees, few runs, no daemon: proves that the harness works, says nothing about speed. */
  readonly smoke: boolean;
  readonly profile: boolean;
  readonly only: readonly string[];
  readonly runs: number;
  /** The program that is measured. */
  readonly imgbuild: string;
  /** Where trees are kept between runs. */
  readonly work: string;
  /** A directory to copy the mix tree from, in place of npm install. */
  readonly mixFrom: string | undefined;
  readonly json: string;
}

export const USAGE = `npm run bench -- [options]
  --only NAME       run one suite (repeatable)
  --runs N          runs of each contender after one warm-up (default 5)
  --smoke           tiny trees, one run, no daemon: does the harness work?
  --profile         also a CPU profile of each of our cases
  --json FILE       where the figures go (default bench/.work/last.json)
  --imgbuild FILE   measure another bin/imgbuild.cjs
  --mix-from DIR    copy the mix tree from here in place of npm install
`;

/** Reads the command line. Throws a TypeError with what is wrong. */
export function parseOptions(argv: readonly string[], root: string): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      smoke: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      runs: { type: "string" },
      imgbuild: { type: "string", default: join(root, "packages/imgbuild/bin/imgbuild.cjs") },
      "mix-from": { type: "string" },
      json: { type: "string" },
    },
  });
  const runs = Number(values.runs ?? (values.smoke ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new TypeError(`Cannot use --runs "${values.runs}": wanted 1 or more`);
  const work = join(root, "bench", ".work", values.smoke ? "smoke" : "full");
  return {
    smoke: values.smoke,
    profile: values.profile,
    only: values.only,
    runs,
    imgbuild: resolve(values.imgbuild),
    work,
    mixFrom: values["mix-from"],
    json: resolve(values.json ?? join(work, "last.json")),
  };
}
