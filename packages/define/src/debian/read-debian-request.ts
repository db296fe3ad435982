import { byCodeUnit, type LeftOut } from "@imgbuild/graph";
import { readArchitecture } from "../image-fields.ts";
import { readChoice, readFlag, readOptions, readStrings } from "../options.ts";
import { describeValue } from "../plain.ts";
import { joinPath, type Problem, quote, throwProblems } from "../problem.ts";
import { DEBIAN_ATTRIBUTES, DEBIAN_HELPERS, type DebianHelper } from "./debian-options.ts";
import type { DebianRequest, EssentialPackages } from "./debian-request.ts";

/** The attributes of a call, read and checked. */
export interface DebianCall {
  readonly request: DebianRequest;
  /** Whether the definition names the architecture; if not, the image does. */
  readonly fixedArchitecture: boolean;
  readonly leaveOut: LeftOut;
  readonly database: "dpkg" | "status.d" | "none";
  readonly helpers: readonly DebianHelper[];
}

/** Debian's names where Docker has others. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  "386": "i386",
  arm: "armhf",
  mips64le: "mips64el",
  ppc64le: "ppc64el",
};

/** Docker's name of an architecture → Debian's. */
export function debianArchitecture(architecture: string): string {
  return ARCHITECTURES[architecture] ?? architecture;
}

/** Reads the attributes of a call; throws every problem of them together. */
export function readDebianCall(options: unknown): DebianCall {
  const problems: Problem[] = [];
  const given = readOptions(options, DEBIAN_ATTRIBUTES, problems);
  const list = (path: string) => [...new Set(readStrings(given[path], path, problems))];
  const sorted = (path: string) => list(path).sort(byCodeUnit);
  const found = readArchitecture(given.architecture, problems);
  const essential: readonly [EssentialPackages, ...EssentialPackages[]] = ["essential", "base", "required", "none"];
  const documentation = readFlag(given.documentation, { path: "documentation", fallback: true, problems });
  const database = ["dpkg", "status.d", "none"] as const;
  const call: DebianCall = {
    request: {
      suites: readSuites(given.suite, problems),
      updates: !Array.isArray(given.suite),
      components: given.components === undefined ? ["main"] : list("components"),
      architecture: debianArchitecture(found?.architecture ?? "amd64"),
      packages: readPackages(given.packages, problems),
      without: readNames(sorted("without"), { path: "without", problems }),
      recommends: readFlag(given.recommends, { path: "recommends", fallback: false, problems }),
      essential: readChoice(given.essential, essential, { path: "essential", fallback: "essential", problems }),
    },
    fixedArchitecture: found !== undefined,
    leaveOut: { exclude: sorted("exclude"), documentation: !documentation },
    database: readChoice(given.database, database, { path: "database", fallback: "dpkg", problems }),
    helpers: readHelpers(given.helpers, problems),
  };
  for (const [i, component] of call.request.components.entries()) {
    if (/^[a-z][a-z0-9/-]*$/.test(component)) continue;
    problems.push({
      path: joinPath("components", i),
      text: `= ${quote(component)}, wanted a component such as "main"`,
    });
  }
  throwProblems("Cannot use Debian packages", problems);
  return call;
}

function readSuites(value: unknown, problems: Problem[]): readonly string[] {
  const suites = [...new Set(readStrings(value, "suite", problems))];
  if (value === undefined || (Array.isArray(value) && value.length === 0)) {
    problems.push({
      path: "suite",
      text: 'is missing, wanted a suite such as "bookworm"',
      missing: value === undefined,
    });
  }
  for (const suite of suites) {
    if (suite === "" || /^[a-z0-9][a-zA-Z0-9+._-]*(?:\/[a-zA-Z0-9+._-]+)*$/.test(suite)) continue;
    problems.push({ path: "suite", text: `= ${quote(suite)}, wanted the name of a suite such as "bookworm"` });
  }
  return suites;
}

const PACKAGE = /^[a-z0-9][a-z0-9+.-]*(?:=[A-Za-z0-9.+~:-]+|\/[A-Za-z0-9+._-]+)?$/;

function readPackages(value: unknown, problems: Problem[]): readonly string[] {
  const names = [...new Set(readStrings(value, "packages", problems))].sort(byCodeUnit);
  if (value === undefined) {
    problems.push({ path: "packages", text: 'is missing, wanted names such as ["ca-certificates"]', missing: true });
  }
  const seen = new Set<string>();
  for (const name of names) {
    if (name === "") continue;
    if (!PACKAGE.test(name)) {
      const text = `has ${quote(name)}, wanted "name", "name=version" or "name/suite"`;
      problems.push({ path: "packages", text, hint: hintFor(name) });
    }
    const bare = name.replace(/[=/].*$/, "");
    if (seen.has(bare)) problems.push({ path: "packages", text: `asks for ${quote(bare)} in two ways, wanted one` });
    seen.add(bare);
  }
  return names;
}

function hintFor(name: string): string | undefined {
  if (/\s/.test(name)) return "Give each package as a text of its own";
  if (name.includes(":")) return "The architecture is an attribute of its own: architecture";
  return /[A-Z]/.test(name) ? "Names of packages are in lower case" : undefined;
}

function readNames(names: readonly string[], at: { readonly path: string; readonly problems: Problem[] }) {
  for (const name of names) {
    if (name === "" || /^[a-z0-9][a-z0-9+.-]*$/.test(name)) continue;
    at.problems.push({ path: at.path, text: `has ${quote(name)}, wanted names of packages` });
  }
  return names;
}

function readHelpers(value: unknown, problems: Problem[]): readonly DebianHelper[] {
  if (value === undefined) return DEBIAN_HELPERS;
  if (!Array.isArray(value)) {
    problems.push({
      path: "helpers",
      text: `is ${describeValue(value)}, wanted a list of ${DEBIAN_HELPERS.join(", ")}`,
    });
    return [];
  }
  const [first, ...rest] = DEBIAN_HELPERS;
  const helpers = Array.from(value as unknown[], (helper, i) =>
    readChoice(helper, [first, ...rest], { path: joinPath("helpers", i), fallback: first, problems }),
  );
  return [...new Set(helpers)].sort(byCodeUnit);
}
