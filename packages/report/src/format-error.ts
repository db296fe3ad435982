import type { ImgbuildError, Position } from "@imgbuild/errors";
import { safeLine, safeLines } from "./safe-text.ts";
import { styleOf } from "./style.ts";
import { textWidth } from "./text-width.ts";

/** How an error is written. */
export interface FormatErrorOptions {
  readonly colour: boolean;
  /** Gives a line (counted from 1) of a file that an error points at; undefined when it cannot. */
  readonly readLine?: ((file: string, line: number) => string | undefined) | undefined;
}

/** Columns of a source line that are shown on each side of the place. */
const CONTEXT = 60;

/**
 * An error as people read it, without a line break at the end: message, place, source line with a caret, hint; then the
 * errors related to it in the same form. No stack traces. What comes from outside is made harmless, credentials are
 * hidden.
 */
export function formatError(error: ImgbuildError, options: FormatErrorOptions): string {
  const seen = new Set<ImgbuildError>();
  const blocks: string[] = [];
  // Related errors may have related ones themselves; a Set keeps a circle from being endless.
  const list = [error];
  for (let next = list.shift(); next !== undefined; next = list.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    blocks.push(formatOne(next, options));
    list.unshift(...next.related);
  }
  return blocks.join("\n");
}

function formatOne(error: ImgbuildError, options: FormatErrorOptions): string {
  const style = styleOf(options.colour);
  const [message = "", ...more] = safeLines(error.message);
  const lines = [`${style.bad(style.bold(`error[${error.code}]`))}: ${message}`, ...more.map((line) => `  ${line}`)];
  if (error.position !== undefined) lines.push(...placeLines(error.position, options));
  if (error.hint !== undefined) {
    const [hint = "", ...rest] = safeLines(error.hint);
    lines.push(`  ${style.bold("hint")}: ${hint}`, ...rest.map((line) => `    ${line}`));
  }
  return lines.join("\n");
}

function placeLines(position: Position, { colour, readLine }: FormatErrorOptions): string[] {
  const style = styleOf(colour);
  const lines = [style.dim(`  at ${safeLine(position.file)}:${position.line}:${position.column}`)];
  const source = readLine?.(position.file, position.line);
  if (source === undefined || source.trim() === "") return lines;
  const place = Math.max(0, position.column - 1);
  const before = safeLine(source.slice(Math.max(0, place - CONTEXT), place));
  const after = safeLine(source.slice(place, place + CONTEXT));
  const margin = `    ${position.line} | `;
  const blank = `${" ".repeat(margin.length - 2)}| `;
  lines.push(`${style.dim(margin)}${before}${after.trimEnd()}`);
  lines.push(`${style.dim(blank)}${" ".repeat(textWidth(before))}${style.bad("^")}`);
  return lines;
}
