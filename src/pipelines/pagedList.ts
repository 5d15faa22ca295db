import { asError, isAbort } from '../core/base/errors.ts';

export type Loading<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'ready'; readonly items: readonly T[]; readonly nextPageToken: string | undefined };

export type ReadPage<T> = (
  pageToken: string | undefined,
  signal: AbortSignal,
) => Promise<{ readonly items: readonly T[]; readonly nextPageToken: string | undefined }>;

/** A list read page by page. One read at a time: a slow answer never overtakes a newer one. */
export class PagedList<T extends { readonly id: string }> {
  readonly #read: ReadPage<T>;
  readonly #onChange: () => void;
  #value: Loading<T> = { kind: 'loading' };
  #abort = new AbortController();
  #reading: Promise<void> | undefined;

  constructor(read: ReadPage<T>, onChange: () => void) {
    this.#read = read;
    this.#onChange = onChange;
  }

  get value(): Loading<T> {
    return this.#value;
  }

  get items(): readonly T[] {
    return this.#value.kind === 'ready' ? this.#value.items : [];
  }

  /** Forgets everything and drops the read under way. */
  reset(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#reading = undefined;
    this.#value = { kind: 'loading' };
  }

  /** Reads the first page; `merge` says what becomes of the rows known so far. Rejects when the read fails. */
  refresh(
    merge: (known: readonly T[], first: readonly T[]) => readonly T[] = (_known, first) => first,
  ): Promise<void> {
    return this.#once(undefined, (known, page) => merge(known, page));
  }

  /** Adds the next page, if there is one; after the read that is under way. */
  async more(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    const token = this.#value.kind === 'ready' ? this.#value.nextPageToken : undefined;
    if (token !== undefined) await this.#once(token, (known, page) => [...known, ...page]);
  }

  /** Changes rows in place, without asking the server. */
  edit(change: (items: readonly T[]) => readonly T[]): void {
    if (this.#value.kind === 'ready') this.#value = { ...this.#value, items: change(this.#value.items) };
  }

  #once(
    pageToken: string | undefined,
    merge: (known: readonly T[], page: readonly T[]) => readonly T[],
  ): Promise<void> {
    this.#reading ??= this.#load(pageToken, merge).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #load(
    pageToken: string | undefined,
    merge: (known: readonly T[], page: readonly T[]) => readonly T[],
  ): Promise<void> {
    const { signal } = this.#abort;
    const before = this.#value;
    try {
      const page = await this.#read(pageToken, signal);
      if (signal.aborted) return;
      const known = this.items;
      // A refresh that kept later pages keeps their token too.
      const items = unique(merge(known, page.items));
      const keepsLaterPages = pageToken === undefined && items.length > page.items.length;
      const nextPageToken =
        keepsLaterPages && this.#value.kind === 'ready' ? this.#value.nextPageToken : page.nextPageToken;
      this.#value = { kind: 'ready', items, nextPageToken };
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      // What is on show stays on show when a refresh fails.
      if (this.#value.kind !== 'ready') this.#value = { kind: 'failed', error: asError(error) };
      if (before !== this.#value) this.#onChange();
      throw error;
    }
    this.#onChange();
  }
}

function unique<T extends { readonly id: string }>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}
