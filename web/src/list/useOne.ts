/** One thing that is read from the API, with what went wrong. */

import { useCallback, useEffect, useState } from "preact/hooks";

export interface One<T> {
  value: T | null;
  error: unknown;
  load: () => void;
  set: (value: T) => void;
}

export function useOne<T>(key: string, ask: () => Promise<T>): One<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown }>({ value: null, error: null });
  const load = useCallback(() => {
    setState({ value: null, error: null });
    ask().then(
      (value) => setState({ value, error: null }),
      (error: unknown) => setState({ value: null, error }),
    );
  }, [key]);
  useEffect(load, [load]);
  return { ...state, load, set: (value) => setState({ value, error: null }) };
}
