import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenStoreOptions, openStore, type Store } from "@imgbuild/store";

/** A cache directory of its own for a test. */
export interface TestStore {
  readonly directory: string;
  /** Opens it (again); what is still open is closed by `remove`. */
  open(options?: Partial<OpenStoreOptions>): Promise<Store>;
  remove(): void;
}

/** Makes an empty temporary cache directory. */
export function testStore(): TestStore {
  const parent = mkdtempSync(join(tmpdir(), "imgbuild-store-"));
  const directory = join(parent, "cache");
  const opened: Store[] = [];
  return {
    directory,
    open: async (options) => {
      const store = await openStore({ directory, now: Date.now, pid: process.pid, ...options });
      opened.push(store);
      return store;
    },
    remove: () => {
      for (const store of opened) store.close();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
