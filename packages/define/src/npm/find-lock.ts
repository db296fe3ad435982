import { ImgbuildError } from "@imgbuild/errors";
import { type LockFile, readPackageLock, readPnpmLock } from "@imgbuild/npm";
import type { Caller } from "../call.ts";
import { quote } from "../problem.ts";
import type { NpmMemory } from "./npm-memory.ts";

/** A lock and where it is. */
export interface FoundLock {
  readonly lock: LockFile;
  /** Directory of the lock relative to the workspace of imgbuild; `""` is the same. */
  readonly root: string;
}

/** In the order in which npm would take them. */
const NAMES = ["npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml"] as const;

/** The lock at `path`, or the nearest one in `from` or above. Throws what reading it throws; `input-missing` for none. */
export function findLock(
  caller: Caller,
  memory: NpmMemory,
  at: { readonly path: string | undefined; readonly from: string },
): FoundLock {
  if (at.path !== undefined) return { lock: readLock(caller, memory, at.path), root: parentOf(at.path) };
  for (let directory: string | undefined = at.from; directory !== undefined; directory = above(directory)) {
    const found = NAMES.map((name) => join(directory ?? "", name)).filter(
      (path) => memory.text(caller, path) !== undefined,
    );
    const [first, second] = found;
    if (first === undefined) {
      refuseOthers(caller, memory, directory);
      continue;
    }
    if (second !== undefined && second.endsWith(".yaml")) {
      throw new ImgbuildError("definition", `Cannot choose a lock file: there are "//${first}" and "//${second}"`, {
        hint: 'Remove one of them, or name the right one: lockfile: "…"',
      });
    }
    return { lock: readLock(caller, memory, first), root: directory };
  }
  throw new ImgbuildError(
    "input-missing",
    `Cannot find a lock file in "//${at.from}" or above, wanted ${NAMES.join(" or ")}`,
    {
      hint: "Run `npm install` and commit the lock, or name it with lockfile",
    },
  );
}

function readLock(caller: Caller, memory: NpmMemory, path: string): LockFile {
  const known = memory.locks.get(path);
  if (known !== undefined) return known;
  const text = memory.text(caller, path);
  if (text === undefined) {
    throw new ImgbuildError("input-missing", `Cannot read the lock file "//${path}": no such file`, {
      hint: "Correct lockfile; it is relative to the definition",
    });
  }
  const lock = /\.ya?ml$/.test(path) ? readPnpmLock(text, { file: path }) : readPackageLock(text, { file: path });
  memory.locks.set(path, lock);
  return lock;
}

function refuseOthers(caller: Caller, memory: NpmMemory, directory: string): void {
  for (const name of ["yarn.lock", "bun.lock"]) {
    const path = join(directory, name);
    if (memory.text(caller, path) === undefined) continue;
    throw new ImgbuildError(
      "unsupported",
      `Cannot use the lock file ${quote(`//${path}`)}: wanted ${NAMES.join(" or ")}`,
      {
        hint: "Run `npm install --package-lock-only` beside it, and commit package-lock.json",
      },
    );
  }
}

/** `a/b/c` → `a/b`; `a` → `""`. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function above(directory: string): string | undefined {
  return directory === "" ? undefined : parentOf(directory);
}

/** `b` below `a`; either may be `""`. */
export function join(a: string, b: string): string {
  return a === "" || b === "" ? a + b : `${a}/${b}`;
}
