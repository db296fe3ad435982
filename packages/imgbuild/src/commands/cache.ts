import { ImgbuildError } from "@imgbuild/errors";
import { formatBytes } from "@imgbuild/report";
import { type TidyOptions, type TidyReport, tidyDownloads, tidySandboxes } from "@imgbuild/steps";
import { parseSize } from "../cli/parse-size.ts";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { openerOf } from "../session/kept-sandboxes.ts";
import { type Session, withSession } from "../session/session.ts";

const VERBS: Readonly<Record<string, (session: Session) => number | Promise<number>>> = { stats, verify, gc };

/** `imgbuild cache stats|verify|gc`. */
export function runCache(flags: Flags, host: Host): Promise<number> {
  const [verb = "", ...more] = flags.labels;
  const act = Object.hasOwn(VERBS, verb) && more.length === 0 ? VERBS[verb] : undefined;
  if (act === undefined) {
    throw new ImgbuildError("usage", `Cannot do "cache ${flags.labels.join(" ")}": wanted stats, verify or gc`, {
      hint: "Run for example `imgbuild cache stats`",
    });
  }
  return withSession(flags, host, async (session) => act(session));
}

function stats({ store, flags, host }: Session): number {
  const found = store.stats();
  if (flags.json) host.stdout.write(`${JSON.stringify({ v: 1, type: "cache.stats", ...found })}\n`);
  else {
    const { directory, blobs, blobBytes, indexBytes, traces, segments } = found;
    host.stdout.write(
      `directory  ${directory}\nblobs      ${blobs}, ${formatBytes(blobBytes)}\nindex      ${formatBytes(indexBytes)}, ${traces} traces, ${segments} compressed blocks\n`,
    );
  }
  return 0;
}

function verify({ store, flags, host }: Session): number {
  const report = store.verify({ repair: flags.repair });
  if (flags.json) host.stdout.write(`${JSON.stringify({ v: 1, type: "cache.verify", ...report })}\n`);
  else {
    for (const { name, problem } of report.corrupt) host.stdout.write(`${name}  ${problem}\n`);
    host.stdout.write(
      `${report.checked} blobs checked, ${formatBytes(report.bytes)}, ${report.corrupt.length} damaged\n`,
    );
  }
  if (report.corrupt.length === 0 || flags.repair) return 0;
  throw new ImgbuildError(
    "integrity",
    `Cannot trust the cache: ${report.corrupt.length} of ${report.checked} blobs are damaged`,
    {
      hint: "Run `imgbuild cache verify --repair`; what is missing is made again by the next build",
    },
  );
}

const KEEP_DAYS = 30;
const KEEP_SIZE = "10GB";

async function gc(session: Session): Promise<number> {
  const { store, flags, host } = session;
  const maxBytes = parseSize(flags.maxSize ?? KEEP_SIZE);
  const maxAgeDays = flags.maxAge ?? KEEP_DAYS;
  if (!(maxAgeDays >= 0 && Number.isFinite(maxAgeDays))) {
    throw new ImgbuildError("usage", `Cannot use --max-age ${maxAgeDays}: wanted a number of days`, {
      hint: "Write for example --max-age 7",
    });
  }
  const result = store.gc({ maxBytes, maxAgeDays, now: host.now(), dryRun: flags.dryRun });
  const { dryRun } = flags;
  const { sandboxes, unpacked } = await tidyScripts(session, { now: host.now(), maxAgeDays, dryRun });
  const downloads = tidyDownloads(store.directory, { now: host.now(), maxAgeDays, dryRun });
  if (flags.json) {
    host.stdout.write(`${JSON.stringify({ v: 1, type: "cache.gc", ...result, sandboxes, unpacked, downloads })}\n`);
    return 0;
  }
  const also = [
    ...(sandboxes > 0 ? [`${sandboxes} ${sandboxes === 1 ? "sandbox" : "sandboxes"}`] : []),
    ...(downloads > 0 ? [`${downloads} ${downloads === 1 ? "download" : "downloads"}`] : []),
    ...(unpacked > 0 ? [`${unpacked} unpacked ${unpacked === 1 ? "layer" : "layers"}`] : []),
  ];
  const blobs = `${result.blobs} blobs, ${formatBytes(result.freedBytes)}`;
  const forgot = `${dryRun ? "would forget" : "forgot"} ${result.traces} traces and ${result.forgotten} facts`;
  host.stdout.write(`${dryRun ? "would remove" : "removed"} ${[blobs, ...also, forgot].join("; ")}\n`);
  return 0;
}

/** What scripts left; nothing where scripts cannot run. */
async function tidyScripts(session: Session, options: Omit<TidyOptions, "open">): Promise<TidyReport> {
  try {
    return await tidySandboxes({ ...options, open: openerOf(session) });
  } catch (error) {
    if (error instanceof ImgbuildError && error.code === "unsupported") return { sandboxes: 0, unpacked: 0 };
    throw error;
  }
}
