import { useCallback, useEffect, useState } from "preact/hooks";

export interface Resource<T> {
  /** Null until it has arrived, and after an error. */
  value: T | null;
  error: unknown;
  load: () => void;
  set: (value: T) => void;
}

/** Fetches one thing from the API. It is fetched again when `key` changes. */
export function useResource<T>(key: string, fetchValue: () => Promise<T>): Resource<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown }>({
    value: null,
    error: null,
  });
  const load = useCallback(() => {
    setState({ value: null, error: null });
    fetchValue().then(
      (value) => setState({ value, error: null }),
      (error: unknown) => setState({ value: null, error }),
    );
  }, [key]);
  useEffect(load, [load]);
  return { ...state, load, set: (value) => setState({ value, error: null }) };
}
