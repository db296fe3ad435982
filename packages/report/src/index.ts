export { formatBytes } from "./format-bytes.ts";
export { formatDuration } from "./format-duration.ts";
export { type FormatErrorOptions, formatError } from "./format-error.ts";
export { errorJson, type JsonReporterOptions, jsonReporter } from "./json-reporter.ts";
export { plainReporter } from "./plain-reporter.ts";
export { type ProfileRecorder, profileRecorder } from "./profile.ts";
export type { Reporter, TextReporterOptions, Verbosity } from "./reporter.ts";
export { redact, safeLine } from "./safe-text.ts";
export { type TerminalReporterOptions, terminalReporter } from "./terminal-reporter.ts";
