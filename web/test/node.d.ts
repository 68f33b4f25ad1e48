/** The parts of Node's test runner that the tests use. The web app itself has no types of Node. */

declare module "node:test" {
  interface MockTimers {
    enable(options: { apis: ("setTimeout" | "setInterval" | "Date")[]; now?: number }): void;
    tick(ms: number): void;
    reset(): void;
  }
  interface Mock<F> {
    (...args: F extends (...args: infer A) => unknown ? A : never): unknown;
    mock: {
      calls: { arguments: F extends (...args: infer A) => unknown ? A : never }[];
      callCount(): number;
    };
  }
  interface MockTracker {
    readonly timers: MockTimers;
    fn<F extends (...args: never[]) => unknown>(original?: F): F & Mock<F>;
    method<T, K extends keyof T>(
      object: T,
      name: K,
      replacement: T[K],
    ): { mock: { restore(): void } };
    restoreAll(): void;
    reset(): void;
  }
  interface TestContext {
    readonly mock: MockTracker;
    after(hook: () => void): void;
  }
  type TestBody = (context: TestContext) => void | Promise<void>;
  export function test(name: string, body: TestBody): Promise<void>;
  export function describe(name: string, body: () => void): void;
  export function beforeEach(hook: () => void | Promise<void>): void;
  export function afterEach(hook: () => void | Promise<void>): void;
  export const mock: MockTracker;
}

declare module "node:assert/strict" {
  type ErrorCheck = RegExp | ((error: unknown) => boolean) | Record<string, unknown>;
  function assert(value: unknown, message?: string): asserts value;
  namespace assert {
    function ok(value: unknown, message?: string): asserts value;
    function equal(actual: unknown, expected: unknown, message?: string): void;
    function notEqual(actual: unknown, expected: unknown, message?: string): void;
    function deepEqual(actual: unknown, expected: unknown, message?: string): void;
    function match(value: string, pattern: RegExp, message?: string): void;
    function throws(act: () => unknown, check?: ErrorCheck): void;
    function rejects(
      act: Promise<unknown> | (() => Promise<unknown>),
      check?: ErrorCheck,
    ): Promise<void>;
    function fail(message?: string): never;
  }
  export default assert;
}

declare module "node:fs" {
  interface Entry {
    readonly name: string;
    readonly parentPath: string;
    isDirectory(): boolean;
  }
  export function readdirSync(
    folder: URL,
    options: { recursive: true; withFileTypes: true },
  ): Entry[];
}

declare module "node:crypto" {
  interface Hash {
    update(data: Uint8Array): Hash;
    digest(encoding: "hex"): string;
  }
  export function createHash(algorithm: "sha256"): Hash;
}

declare function setImmediate(callback: () => void): unknown;

declare module "node:async_hooks" {
  export class AsyncLocalStorage<T> {
    getStore(): T | undefined;
    run<R>(store: T, act: () => R): R;
  }
}
