/** An element with the properties that the player's overlays use; finds children by selector. */
export class FakeElement extends EventTarget {
  hidden = false;
  textContent = "";
  className = "";
  src = "";
  href = "";
  value = 0;
  type = "";
  alt = "";
  isRemoved = false;
  readonly children: FakeElement[] = [];
  readonly attributes = new Map<string, string>();
  readonly parts = new Map<string, FakeElement>();
  readonly classes = new Set<string>();
  readonly classList = {
    add: (name: string) => this.classes.add(name),
    remove: (name: string) => this.classes.delete(name),
    toggle: (name: string, on: boolean) =>
      on ? this.classes.add(name) : this.classes.delete(name),
  };

  querySelector(selector: string): FakeElement {
    const child = this.children.find(({ className }) => `.${className}` === selector);
    if (child !== undefined) return child;
    const part = this.parts.get(selector) ?? new FakeElement();
    this.parts.set(selector, part);
    return part;
  }

  append(...children: FakeElement[]): void {
    this.children.push(...children);
  }

  remove(): void {
    this.isRemoved = true;
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  get element(): HTMLElement {
    return this as unknown as HTMLElement;
  }
}
