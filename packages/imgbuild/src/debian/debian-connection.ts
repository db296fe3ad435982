import type { DebAccess, DebOptions } from "@imgbuild/steps";
import type { DebianConnectionOptions } from "./debian-connection-options.ts";
import type { DebianAccess } from "./open-debian-access.ts";

/** Reaches archives of Debian packages. Nothing is read, opened or loaded before the first package that is not at hand. */
export class DebianConnection implements DebOptions {
  readonly #options: DebianConnectionOptions;
  #access: Promise<DebianAccess> | undefined;
  #closed = false;

  constructor(options: DebianConnectionOptions) {
    this.#options = options;
  }

  readonly access = (): Promise<DebAccess> => this.open();

  readonly warn = (message: string): void => {
    this.#options.emit({ type: "warning", message });
  };

  /** The archives themselves, for who chooses packages. */
  open(): Promise<DebianAccess> {
    this.#access ??= this.#open();
    return this.#access;
  }

  /** Closes what was opened. */
  close(): void {
    this.#closed = true;
    this.#access?.then(({ fetcher }) => fetcher.close()).catch(() => undefined);
  }

  async #open(): Promise<DebianAccess> {
    const { openDebianAccess } = await import("./open-debian-access.ts");
    const access = await openDebianAccess(this.#options);
    if (this.#closed) access.fetcher.close();
    return access;
  }
}
