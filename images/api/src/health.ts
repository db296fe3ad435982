// What Docker's health check runs: ends with 0 when the service answers.
const { PORT = "8080" } = process.env;

try {
  const { ok } = await fetch(`http://127.0.0.1:${PORT}/healthz`, { signal: AbortSignal.timeout(2000) });
  process.exitCode = ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
