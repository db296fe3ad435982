import { eventLines } from "./event-lines.ts";
import { type LiveBlock, liveBlock } from "./live-block.ts";
import type { Reporter, TextReporterOptions } from "./reporter.ts";
import { textWidth } from "./text-width.ts";

/** What a reporter for a terminal must be given beside that. */
export interface TerminalReporterOptions extends TextReporterOptions {
  /** Width of the terminal now; asked at each drawing, for windows change. */
  columns(): number;
  /** Milliseconds from any fixed moment. */
  now(): number;
  /**
   * Calls `draw` again and again, at most ten times a second, until the function that it gives back is called. It must
   * not keep the process alive.
   */
  every(draw: () => void): () => void;
}

/** Columns assumed where the terminal does not say. */
const DEFAULT_COLUMNS = 80;

/**
 * One block at the bottom that shows what is under way, and above it, for good, the same lines as in a log. Lines that
 * stay are written together with the next drawing, so that a thousand steps are not a thousand drawings.
 */
export function terminalReporter(options: TerminalReporterOptions): Reporter {
  const lines = eventLines(options);
  const block: LiveBlock = liveBlock();
  const quiet = options.verbosity === "quiet";
  let pending = "";
  /** Widths of the lines of the block on the screen. */
  let drawn: readonly number[] = [];
  let stop: (() => void) | undefined;
  let open = true;

  const draw = (): void => {
    const columns = columnsOf(options.columns());
    // The last column is left free: a full line makes some terminals wrap.
    const live = quiet ? [] : block.lines(columns - 1, options.now());
    const text = `${erase(drawn, columns)}${pending}${live.map((line) => `${line}\n`).join("")}`;
    pending = "";
    drawn = live.map(textWidth);
    if (text !== "") options.write(text);
  };

  return {
    emit(event) {
      if (!open) return;
      block.update(event, options.now());
      pending += lines(event)
        .map((line) => `${line}\n`)
        .join("");
      if (event.type === "run.start" && !quiet) stop ??= options.every(draw);
      if (event.type === "run.end") {
        stop?.();
        stop = undefined;
      }
      if (stop === undefined) draw();
    },
    close() {
      if (!open) return;
      open = false;
      stop?.();
      const text = `${erase(drawn, columnsOf(options.columns()))}${pending}`;
      if (text !== "") options.write(text);
    },
  };
}

function columnsOf(columns: number): number {
  return Number.isFinite(columns) && columns >= 2 ? Math.floor(columns) : DEFAULT_COLUMNS;
}

/** Goes to the start of the block and clears all below; a line that a narrowed window has wrapped is several rows. */
function erase(widths: readonly number[], columns: number): string {
  const rows = widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
  return rows === 0 ? "" : `\u001b[${rows}A\r\u001b[J`;
}
