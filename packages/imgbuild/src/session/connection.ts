import type { Fetcher } from "@imgbuild/fetch";

/** A way to fetch that is opened when it is first asked for: a run that has everything reads, opens and loads nothing. */
export class Connection<Access extends { readonly fetcher: Fetcher }> {
  readonly #open: () => Promise<Access>;
  #access: Promise<Access> | undefined;
  #closed = false;

  constructor(open: () => Promise<Access>) {
    this.#open = open;
  }

  readonly access = (): Promise<Access> => {
    this.#access ??= this.#begin();
    return this.#access;
  };

  /** Closes what was opened. */
  close(): void {
    this.#closed = true;
    this.#access?.then(({ fetcher }) => fetcher.close()).catch(() => undefined);
  }

  async #begin(): Promise<Access> {
    const access = await this.#open();
    if (this.#closed) access.fetcher.close();
    return access;
  }
}
