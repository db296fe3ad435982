import { streamSink } from "@imgbuild/deliver";
import { ImgbuildError } from "@imgbuild/errors";
import { codecFor } from "@imgbuild/tar";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { parseCompression } from "../session/compression.ts";
import { deliverImages } from "../session/deliver-images.ts";
import { refuseExports } from "../session/refuse-exports.ts";
import { runBuildCommand } from "../session/run-command.ts";

/** `imgbuild stream`: writes a docker-archive to stdout, plain unless `--compression` says otherwise. */
export function runStream(flags: Flags, host: Host): Promise<number> {
  if (flags.json) {
    throw new ImgbuildError("usage", "Cannot stream with --json: both want stdout", {
      hint: "Use --progress plain, or build -o FILE --json",
    });
  }
  if (host.stdout.isTTY === true) {
    throw new ImgbuildError("usage", "Cannot stream to a terminal: the archive is binary", {
      hint: "Pipe it, as in `imgbuild stream //images/site | docker load`, or use build -o FILE",
    });
  }
  const compressor = parseCompression(flags.compression ?? "none");
  return runBuildCommand(flags, host, {
    name: "stream",
    codec: compressor.algorithm === "none" ? undefined : () => codecFor(compressor),
    after: async (session, targets) => {
      refuseExports(targets, "stream");
      const sink = streamSink({ store: session.store, output: host.stdout, format: "docker-archive", compressor });
      await deliverImages(session, targets, { sink, kind: "docker-archive", destination: "stdout" });
      return 0;
    },
  });
}
