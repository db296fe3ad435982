// Jest reporter: says at the end which tests were skipped for lack of a tool.
module.exports = class SkippedReporter {
  onRunComplete(_contexts, results) {
    const titles = new Map();
    for (const { testResults } of results.testResults) {
      for (const { status, ancestorTitles } of testResults) {
        if (status !== "pending" && status !== "todo") continue;
        const group = ancestorTitles.find((each) => each.includes("[skipped:"));
        // Others were left out by a filter of the command line.
        if (group === undefined) continue;
        titles.set(group, (titles.get(group) ?? 0) + 1);
      }
    }
    if (titles.size === 0) return;
    const lines = [...titles].map(([title, count]) => `  ${count} x ${title}`);
    process.stderr.write(`\nSkipped for lack of a tool:\n${lines.join("\n")}\n`);
  }
};
