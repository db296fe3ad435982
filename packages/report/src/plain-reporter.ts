import { eventLines } from "./event-lines.ts";
import type { Reporter, TextReporterOptions } from "./reporter.ts";

/** Lines for logs: one for each thing that is over, nothing that moves. */
export function plainReporter(options: TextReporterOptions): Reporter {
  const lines = eventLines(options);
  let open = true;
  return {
    emit(event) {
      const text = open ? lines(event) : [];
      if (text.length > 0) options.write(`${text.join("\n")}\n`);
    },
    close() {
      open = false;
    },
  };
}
