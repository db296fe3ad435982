import type { Problem } from "../problem.ts";
import { quote } from "../problem.ts";

/** What every sandbox has of its own. */
const ALWAYS = [".imgbuild", "dev", "proc", "sys", "run"];

/** What the programs of this machine take. */
const OF_MACHINE = ["bin", "etc", "gnu", "lib", "lib32", "lib64", "libx32", "nix", "sbin", "tmp", "usr"];

/** Says which places inputs cannot have. Without a root, what is at the top is the machine's, or a directory of inputs. */
export function checkPlaces(check: {
  readonly places: readonly string[];
  readonly hasRoot: boolean;
  readonly problems: Problem[];
}): void {
  const { places, hasRoot, problems } = check;
  for (const place of new Set(places)) {
    const [top = ""] = place.split("/");
    if (ALWAYS.includes(top))
      problems.push({ path: "", text: `has something at ${quote(`/${place}`)}, which is the sandbox's own` });
    else if (!hasRoot && OF_MACHINE.includes(top)) {
      const hint = `Place it elsewhere, for example below "/work"; or give the command a root file system with root`;
      problems.push({
        path: "",
        text: `has something at ${quote(`/${place}`)}, where programs of this machine are`,
        hint,
      });
    }
  }
}
