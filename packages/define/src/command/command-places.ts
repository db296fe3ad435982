import { MACHINE_PLACES, SANDBOX_PLACES } from "@imgbuild/graph";
import type { Problem } from "../problem.ts";
import { quote } from "../problem.ts";

const OF_SANDBOX: ReadonlySet<string> = new Set(SANDBOX_PLACES);
const OF_MACHINE: ReadonlySet<string> = new Set(MACHINE_PLACES);

/** Says which places inputs cannot have. Without a root, what is at the top is the machine's, or a directory of inputs. */
export function checkPlaces(check: {
  readonly places: readonly string[];
  readonly hasRoot: boolean;
  readonly problems: Problem[];
}): void {
  const { places, hasRoot, problems } = check;
  for (const place of new Set(places)) {
    const [top = ""] = place.split("/");
    if (OF_SANDBOX.has(top))
      problems.push({ path: "", text: `has something at ${quote(`/${place}`)}, which is the sandbox's own` });
    else if (!hasRoot && OF_MACHINE.has(top)) {
      const hint = `Place it elsewhere, for example below "/work"; or give the command a root file system with root`;
      problems.push({
        path: "",
        text: `has something at ${quote(`/${place}`)}, where programs of this machine are`,
        hint,
      });
    }
  }
}
