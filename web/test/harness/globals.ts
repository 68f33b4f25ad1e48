interface Context {
  after(hook: () => void): void;
}

/** The globals that a test has replaced already: `after` hooks run in the order of registration. */
const replaced = new WeakMap<Context, Set<string>>();

/** Replaces a global until the test ends, also several times. */
export function replaceGlobal(context: Context, name: string, value: unknown): void {
  const names = replaced.get(context) ?? new Set<string>();
  replaced.set(context, names);
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  if (names.has(name)) return;
  names.add(name);
  context.after(() => {
    if (before === undefined) Reflect.deleteProperty(globalThis, name);
    else Object.defineProperty(globalThis, name, before);
  });
}

/** Lets promises that are already settled run their callbacks. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}
