/**
 * Text on its way to a terminal that is slower than the log: keeps the newest `limit` characters and says how much was
 * skipped, so that a step that prints gigabytes costs no memory and the end is always on show.
 */
export class LogWindow {
  readonly #limit: number;
  #chunks: string[] = [];
  #length = 0;
  #skipped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  push(text: string): void {
    this.#chunks.push(text);
    this.#length += text.length;
    if (this.#length <= this.#limit) return;
    const all = this.#chunks.join('');
    // Half of it, so that not every chunk pays for this; from the start of a line.
    const from = all.length - Math.floor(this.#limit / 2);
    const lineStart = all.indexOf('\n', from) + 1;
    const kept = all.slice(lineStart === 0 ? from : lineStart);
    this.#skipped += all.length - kept.length;
    this.#chunks = [kept];
    this.#length = kept.length;
  }

  /** Up to `max` characters, oldest first. `skipped`: characters dropped just before them. */
  take(max: number): { readonly text: string; readonly skipped: number } {
    const all = this.#chunks.join('');
    const text = all.slice(0, max);
    const rest = all.slice(max);
    this.#chunks = rest === '' ? [] : [rest];
    this.#length = rest.length;
    const skipped = this.#skipped;
    this.#skipped = 0;
    return { text, skipped };
  }
}
