export type { ArchiveFormat, ArchiveOptions } from "./archive-bytes.ts";
export { type ArchiveFileOptions, archiveFileSink, checkArchiveFile } from "./archive-file-sink.ts";
export type { DockerTls } from "./docker/docker-client.ts";
export { type DockerSinkOptions, dockerSink } from "./docker/docker-sink.ts";
export { type LayoutSinkOptions, layoutSink } from "./layout-sink.ts";
export type { Deliverable, Delivered, DeliverOptions, Sink } from "./sink.ts";
export { type StreamOptions, streamSink } from "./stream-sink.ts";
