// Jest reporter: says at the end which tests were skipped, and for lack of which tool.
module.exports = class SkippedReporter {
  onRunComplete(_contexts, results) {
    const titles = new Map();
    for (const { testResults } of results.testResults) {
      for (const { status, ancestorTitles, title } of testResults) {
        if (status !== "pending" && status !== "todo") continue;
        const group =
          ancestorTitles.find((each) => each.includes("[skipped:")) ?? [...ancestorTitles, title].join(" > ");
        titles.set(group, (titles.get(group) ?? 0) + 1);
      }
    }
    if (titles.size === 0) return;
    const lines = [...titles].map(([title, count]) => `  ${count} x ${title}`);
    process.stderr.write(`\nSkipped:\n${lines.join("\n")}\n`);
  }
};
