// Loaded with --require into a measured process: writes its peak resident set, in KiB, when it ends.
const { isMainThread } = require("node:worker_threads");
const { writeFileSync } = require("node:fs");

const file = process.env.BENCH_PEAK_MEMORY;
if (isMainThread && file) process.on("exit", () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
