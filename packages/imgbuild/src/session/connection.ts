import type { Fetcher } from "@imgbuild/fetch";

/**
 * A way to fetch that is opened when it is first asked for, once for each place that says how (for npm the directory of a .npmrc): a
 * run that has everything reads, opens and loads nothing.
 */
export class Connection<Access extends { readonly fetcher: Fetcher }> {
  readonly #open: (place: string) => Promise<Access>;
  readonly #opened = new Map<string, Promise<Access>>();
  #closed = false;

  constructor(open: (place: string) => Promise<Access>) {
    this.#open = open;
  }

  readonly access = (place = ""): Promise<Access> => {
    const opened = this.#opened.get(place) ?? this.#begin(place);
    this.#opened.set(place, opened);
    return opened;
  };

  /** Closes what was opened. */
  close(): void {
    this.#closed = true;
    for (const opened of this.#opened.values()) opened.then(({ fetcher }) => fetcher.close()).catch(() => undefined);
  }

  async #begin(place: string): Promise<Access> {
    const access = await this.#open(place);
    if (this.#closed) access.fetcher.close();
    return access;
  }
}
