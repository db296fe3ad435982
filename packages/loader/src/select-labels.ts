import { combineErrors, ImgbuildError, type Position } from "@imgbuild/errors";
import { didYouMean, formatLabel, type Graph, matchesLabel, parseLabel } from "@imgbuild/graph";
import { definitionIn } from "./discover.ts";
import { nameOf } from "./evaluation-errors.ts";
import type { ResolvedPattern } from "./resolve-patterns.ts";
import type { OtherExportNote } from "./saved-evaluation.ts";

/** What is chosen from. */
export interface Choice {
  readonly graph: Graph;
  readonly others: readonly OtherExportNote[];
  /** The definitions that were evaluated. */
  readonly files: readonly string[];
}

/** The labels that patterns name, sorted. Throws when one names nothing, or a definition has nothing to build. */
export function selectLabels(patterns: readonly ResolvedPattern[], choice: Choice): string[] {
  const labels = choice.graph.targets.map((target) => target.label);
  const chosen = new Set<string>();
  const errors = barren(choice);
  for (const pattern of patterns) {
    const found = labels.filter((label) => matchesLabel(pattern, parseLabel(label)));
    for (const label of found) {
      if (pattern.exclude) chosen.delete(label);
      else chosen.add(label);
    }
    const evaluated = choice.files.includes(definitionIn(pattern.dir));
    const reported = errors.some((error) => error.position?.file === definitionIn(pattern.dir));
    if (found.length === 0 && pattern.kind === "target" && evaluated && !reported)
      errors.push(unknown(pattern, choice));
  }
  if (errors.length === 0 && chosen.size === 0) {
    const left = patterns.filter((pattern) => pattern.exclude).map((pattern) => JSON.stringify(pattern.text));
    const message = `Cannot choose targets: ${left.join(" and ")} leaves out all that are named`;
    errors.push(new ImgbuildError("unknown-label", message, { hint: "Name a target that is not left out" }));
  }
  if (errors.length > 0) throw combineErrors(errors);
  return labels.filter((label) => chosen.has(label));
}

/** Definitions that export nothing buildable. */
function barren({ graph, others, files }: Choice): ImgbuildError[] {
  const fruitful = new Set(graph.targets.map((target) => definitionIn(parseLabel(target.label).dir)));
  return files
    .filter((file) => !fruitful.has(file))
    .map((file) => {
      const own = others.filter((other) => other.file === file);
      const list = own.map((other) => `${other.name === "default" ? "a default export" : other.name} (${other.what})`);
      const what = list.length === 0 ? "it exports nothing" : `it exports only ${list.join(", ")}`;
      return new ImgbuildError("definition", `Cannot build "${nameOf(file)}": ${what}, wanted an image`, {
        hint: 'Export one: export default buildImage({ name: "…" })',
        position: top(file),
      });
    });
}

function unknown(pattern: ResolvedPattern, choice: Choice): ImgbuildError {
  const file = definitionIn(pattern.dir);
  const siblings = choice.graph.targets
    .map((target) => target.label)
    .filter((label) => parseLabel(label).dir === pattern.dir);
  const label = formatLabel(pattern);
  const other = choice.others.find((each) => each.file === file && each.name === (pattern.name ?? "default"));
  const export_ = pattern.name === null ? "default export" : `export "${pattern.name}"`;
  const what =
    other === undefined
      ? `${file} has no ${export_}`
      : `the ${export_} of ${file} is ${other.what}, which cannot be built`;
  return new ImgbuildError(
    "unknown-label",
    `Cannot find the target "${label}": ${what}${didYouMean(label, siblings)}`,
    {
      hint: `Write ${siblings.join(" or ")}`,
      position: other === undefined ? undefined : top(file),
    },
  );
}

function top(file: string): Position {
  return { file, line: 1, column: 1 };
}
