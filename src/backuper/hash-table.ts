const LOAD_MAX = 0.7;
const CAPACITY_MIN = 1024;

/**
 * Numbers by 64-bit keys, in four bytes for each half of a key and for each column: two million entries with two
 * columns take some 70 MiB, where a Map would need ten times as much.
 */
export class HashTable {
  readonly #columnCount: number;
  #cells: Uint32Array;
  #states: Uint8Array;
  #capacity: number;
  #count = 0;

  /** @param expectedCount saves growing, which for a moment takes half as much memory again */
  constructor(columnCount: number, expectedCount: number) {
    this.#columnCount = columnCount;
    this.#capacity = CAPACITY_MIN;
    while (this.#capacity * LOAD_MAX < expectedCount) this.#capacity *= 2;
    this.#cells = new Uint32Array(this.#capacity * (2 + columnCount));
    this.#states = new Uint8Array(this.#capacity);
  }

  /** How many keys there are. */
  get count(): number {
    return this.#count;
  }

  /** The row of a key, or -1. */
  find(high: number, low: number): number {
    const row = this.#rowFor(high, low);
    return this.#states[row] === 0 ? -1 : row;
  }

  /** The row of a key, which is there afterwards: with zeros when it is new. Rows are only valid until the next one. */
  add(high: number, low: number): number {
    if (this.#count >= this.#capacity * LOAD_MAX) this.#grow();
    const row = this.#rowFor(high, low);
    if (this.#states[row] === 0) {
      this.#count += 1;
      this.#states[row] = 1;
      const at = row * (2 + this.#columnCount);
      this.#cells[at] = high;
      this.#cells[at + 1] = low;
    }
    return row;
  }

  /** A column of a row, 32 bits without a sign. */
  read(row: number, column: number): number {
    return this.#cells[row * (2 + this.#columnCount) + 2 + column] ?? 0;
  }

  /** Sets a column of a row to a number's last 32 bits. */
  write(row: number, column: number, value: number): void {
    this.#cells[row * (2 + this.#columnCount) + 2 + column] = value;
  }

  /** A row's own mark, from 1 (new) to 255. */
  mark(row: number): number {
    return this.#states[row] ?? 0;
  }

  /** Sets a row's mark; not to 0, which would lose it. */
  setMark(row: number, mark: number): void {
    this.#states[row] = mark;
  }

  /** All rows, in no certain order. */
  *rows(): Generator<number> {
    for (let row = 0; row < this.#capacity; row += 1) if (this.#states[row] !== 0) yield row;
  }

  #rowFor(high: number, low: number): number {
    const width = 2 + this.#columnCount;
    let row = (low ^ high) & (this.#capacity - 1);
    while (
      this.#states[row] !== 0 &&
      (this.#cells[row * width] !== high || this.#cells[row * width + 1] !== low)
    ) {
      row = (row + 1) & (this.#capacity - 1);
    }
    return row;
  }

  #grow(): void {
    const [cells, states, width] = [this.#cells, this.#states, 2 + this.#columnCount];
    this.#capacity *= 2;
    this.#cells = new Uint32Array(this.#capacity * width);
    this.#states = new Uint8Array(this.#capacity);
    for (let old = 0; old < states.length; old += 1) {
      const state = states[old] ?? 0;
      if (state === 0) continue;
      const row = this.#rowFor(cells[old * width] ?? 0, cells[old * width + 1] ?? 0);
      this.#cells.set(cells.subarray(old * width, (old + 1) * width), row * width);
      this.#states[row] = state;
    }
  }
}
