import { relative, resolve } from "node:path";
import { archiveFileSink, checkArchiveFile, streamSink } from "@imgbuild/deliver";
import { ImgbuildError } from "@imgbuild/errors";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { parseCompression } from "../session/compression.ts";
import { deliverImages } from "../session/deliver-images.ts";
import { runBuildCommand } from "../session/run-command.ts";

/** `imgbuild export LABEL`: the files of one image as a tar, to stdout or with `-o` to a file; plain unless `--compression` says otherwise. */
export function runExport(flags: Flags, host: Host): Promise<number> {
  const { output } = flags;
  if (output === undefined && flags.json) {
    throw new ImgbuildError("usage", "Cannot export with --json: both want stdout", {
      hint: "Write to a file with -o FILE",
    });
  }
  if (output === undefined && host.stdout.isTTY === true) {
    throw new ImgbuildError("usage", "Cannot export to a terminal: the tar is binary", {
      hint: "Pipe it, as in `imgbuild export //images/site | tar t`, or use -o FILE",
    });
  }
  const compressor = parseCompression(flags.compression ?? "none");
  return runBuildCommand(flags, host, {
    name: "export",
    before: ({ cwd }) => {
      if (output !== undefined) checkArchiveFile(resolve(cwd, output));
    },
    after: async (session, targets) => {
      const { store, cwd } = session;
      const to = { store, format: "rootfs", compressor } as const;
      if (output === undefined) {
        const sink = streamSink({ ...to, output: host.stdout });
        await deliverImages(session, targets, { sink, kind: "rootfs", destination: "stdout" });
      } else {
        const file = resolve(cwd, output);
        const sink = archiveFileSink({ ...to, file });
        await deliverImages(session, targets, { sink, kind: "rootfs", destination: relative(cwd, file) || "." });
      }
      return 0;
    },
  });
}
