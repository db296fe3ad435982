const UNITS = ["kB", "MB", "GB", "TB", "PB"] as const;

/** A size for people, in decimal units and at most three digits: `0 B`, `999 B`, `1.2 kB`, `34 MB`. */
export function formatBytes(bytes: number): string {
  const whole = Math.max(0, Math.round(Number.isFinite(bytes) ? bytes : 0));
  if (whole < 1000) return `${whole} B`;
  let value = whole;
  let unit = "B";
  for (const next of UNITS) {
    // 999.5 would be shown as 1000.
    if (value < 999.5 && unit !== "B") break;
    value /= 1000;
    unit = next;
  }
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}
