/** How long it took to be whole again after each fault: printed as a table at the end. */
interface Recovery {
  readonly fault: string;
  readonly 'whole again after (s)': string;
  readonly seen: string;
}

export class Recoveries {
  readonly #table: Recovery[] = [];

  /** Counts from now; `seen`: what was found true afterwards. */
  start(fault: string): { readonly whole: () => void; readonly end: (seen: string) => void } {
    const began = performance.now();
    let took = '';
    return {
      whole: () => {
        took = ((performance.now() - began) / 1000).toFixed(1);
      },
      end: (seen) => this.#table.push({ fault, 'whole again after (s)': took, seen }),
    };
  }

  print(): void {
    console.table(this.#table);
  }
}
