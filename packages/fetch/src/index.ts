export type { TlsOptions } from "./agents.ts";
export { answeredChallenge, answeredStatus } from "./answered-status.ts";
export type { FetchedBytes } from "./fetch-bytes.ts";
export {
  type Address,
  type BytesRequest,
  createFetcher,
  type Downloaded,
  type DownloadRequest,
  type Fetcher,
  type FetcherOptions,
  type FetchRequest,
  type FileSink,
  type Progress,
} from "./fetcher.ts";
export { fileMatches } from "./file-matches.ts";
export type { Retry, RetryOptions, Timing } from "./mirrors.ts";
export { type ProxyConfig, proxyFor, proxyFromEnvironment } from "./proxy.ts";
export { redactUrl } from "./redact.ts";
