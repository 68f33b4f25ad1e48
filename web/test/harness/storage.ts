/** `localStorage` in memory. With `isBlocked` it throws, as in some frames of other sites. */
export class MemoryStorage implements Storage {
  [name: string]: unknown;
  isBlocked = false;
  readonly values = new Map<string, string>();

  get length(): number {
    return this.values.size;
  }

  getItem(key: string): string | null {
    this.#check();
    return this.values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#check();
    this.values.set(key, value);
  }

  removeItem(key: string): void {
    this.#check();
    this.values.delete(key);
  }

  clear(): void {
    this.values.clear();
  }

  key(index: number): string | null {
    return [...this.values.keys()][index] ?? null;
  }

  #check(): void {
    if (this.isBlocked) throw new DOMException("storage is blocked", "SecurityError");
  }
}
