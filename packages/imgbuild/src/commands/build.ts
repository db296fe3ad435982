import { relative, resolve } from "node:path";
import { archiveFileSink, checkArchiveFile, layoutSink, type Sink } from "@imgbuild/deliver";
import { ImgbuildError } from "@imgbuild/errors";
import type { Target } from "@imgbuild/graph";
import { type Compression, codecFor } from "@imgbuild/tar";
import type { Flags, OutputFormat } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import type { BuiltTarget } from "../session/build-targets.ts";
import { parseCompression } from "../session/compression.ts";
import { deliverImages } from "../session/deliver-images.ts";
import { printResults } from "../session/print-results.ts";
import { isExport } from "../session/refuse-exports.ts";
import { runBuildCommand } from "../session/run-command.ts";
import type { Session } from "../session/session.ts";

/** `imgbuild build`: builds; with `-o` writes the images to a file or directory. */
export function runBuild(flags: Flags, host: Host): Promise<number> {
  refuseStdout(flags.output);
  refuseIdle(flags, host);
  const asked = flags.compression === undefined ? undefined : parseCompression(flags.compression);
  return runBuildCommand(flags, host, {
    name: "build",
    codec:
      flags.output === undefined || flags.format === "rootfs"
        ? undefined
        : (targets) => codecFor(asked ?? compressionOf(targets)),
    before: ({ cwd }) => {
      if (flags.output !== undefined && flags.format !== "oci-layout") checkArchiveFile(resolve(cwd, flags.output));
    },
    after: async (session, targets) => {
      if (flags.output !== undefined) {
        const path = resolve(session.cwd, flags.output);
        const format = formatFor(targets, flags.format);
        const usual =
          format === "rootfs"
            ? ({ algorithm: "none" } as const)
            : parseCompression(targets.find((each) => each.compressor !== undefined)?.compressor ?? "gz");
        const sink = outputSink(session, { path, format, compression: asked ?? usual });
        await deliverImages(session, targets, {
          sink,
          kind: format,
          destination: relative(session.cwd, path) || ".",
        });
      }
      printResults(session, targets);
      return 0;
    },
  });
}

const STDOUT = /(^|\/)-$|^\/dev\/stdout$|^(\/dev|\/proc\/(self|thread-self))\/fd\/1$/;

function refuseStdout(output: string | undefined): void {
  if (output === undefined || !STDOUT.test(output)) return;
  throw new ImgbuildError("usage", `Cannot write to "${output}": stdout is for the results`, {
    hint: "Run `imgbuild stream` to write an archive to stdout",
  });
}

/** Flags that say how to write, where nothing is written. As variables they stand for other commands as well. */
function refuseIdle(flags: Flags, host: Host): void {
  if (flags.output !== undefined) return;
  const idle = ["--format", "--compression"].find((flag) => host.argv.some((word) => word.split("=", 1)[0] === flag));
  if (idle === undefined) return;
  throw new ImgbuildError("usage", `Cannot use ${idle} without --output: the build writes no file`, {
    hint: "Add -o FILE",
  });
}

/** The compressor of the first image: an archive has one. */
export function compressionOf(targets: readonly Target[]): Compression {
  return parseCompression(targets.find((each) => each.image !== null)?.image?.compressor ?? "gz");
}

/** What is exported has no config: its files are all there is to write. */
function formatFor(targets: readonly BuiltTarget[], format: OutputFormat): OutputFormat {
  const exported = targets.find(isExport);
  if (exported === undefined || format === "rootfs") return format;
  if (format === "docker-archive") return "rootfs";
  throw new ImgbuildError("usage", `Cannot write "${exported.target.label}" as ${format}: it is a root file system`, {
    hint: "Use --format rootfs, or name the image itself",
  });
}

function outputSink(
  { store }: Session,
  to: { readonly path: string; readonly format: OutputFormat; readonly compression: Compression },
): Sink {
  const { path, format, compression } = to;
  if (format === "oci-layout") return layoutSink({ store, dir: path, compression });
  return archiveFileSink({ store, file: path, format, compressor: compression });
}
