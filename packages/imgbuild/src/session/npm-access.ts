import type { NpmAccess, NpmOptions } from "@imgbuild/steps";
import type { NpmConnectionOptions } from "./npm-connection-options.ts";

/**
 * Fetches packages as the user's own npm does. Nothing is read, opened or loaded before the first package that is not at hand.
 */
export class NpmConnection implements NpmOptions {
  readonly #options: NpmConnectionOptions;
  #access: Promise<NpmAccess> | undefined;
  #closed = false;

  constructor(options: NpmConnectionOptions) {
    this.#options = options;
  }

  readonly access = (): Promise<NpmAccess> => {
    this.#access ??= this.#open();
    return this.#access;
  };

  /** Closes what was opened. */
  close(): void {
    this.#closed = true;
    this.#access?.then(({ fetcher }) => fetcher.close()).catch(() => undefined);
  }

  async #open(): Promise<NpmAccess> {
    const { openNpmAccess } = await import("./open-npm-access.ts");
    const access = await openNpmAccess(this.#options);
    if (this.#closed) access.fetcher.close();
    return access;
  }
}
