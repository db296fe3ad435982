/** A duration for people, from milliseconds: `12ms`, `1.2s`, `34s`, `2m 05s`, `1h 02m`. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(Number.isFinite(ms) ? ms : 0));
  if (whole < 1000) return `${whole}ms`;
  if (whole < 9950) return `${(whole / 1000).toFixed(1)}s`;
  const seconds = Math.round(whole / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${twoDigits(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
