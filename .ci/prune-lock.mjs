// Run after `npm install` where the registry lacks binaries of other systems: npm leaves what it cannot find out of the
// lock, but still lists it as optional, and `npm ci` then refuses the lock. This takes such names off the lists.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const known = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, "")));
let pruned = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === "" || entry.optionalDependencies === undefined) continue;
  for (const name of Object.keys(entry.optionalDependencies)) {
    if (known.has(name)) continue;
    delete entry.optionalDependencies[name];
    pruned++;
  }
}
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${pruned} names pruned\n`);
