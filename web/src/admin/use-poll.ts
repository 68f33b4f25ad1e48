import { useCallback, useEffect, useRef, useState } from "preact/hooks";

const POLL_MS = 1000;

export interface Poll<T> {
  /** The last answer, also while the server does not answer. */
  value: T | null;
  error: unknown;
  /** Fetches now, and again after a second. */
  refresh: () => void;
}

/** Fetches a value every second. Starts again when `key` changes. */
export function usePoll<T>(key: string, fetchValue: () => Promise<T>): Poll<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown }>({
    value: null,
    error: null,
  });
  const turn = useRef(0);
  const timer = useRef(0);
  const latest = useRef(fetchValue);
  latest.current = fetchValue;
  const refresh = useCallback(() => {
    window.clearTimeout(timer.current);
    turn.current += 1;
    const own = turn.current;
    latest
      .current()
      .then(
        (value) => own === turn.current && setState({ value, error: null }),
        (error: unknown) => own === turn.current && setState((now) => ({ ...now, error })),
      )
      .finally(() => {
        if (own === turn.current) timer.current = window.setTimeout(refresh, POLL_MS);
      });
  }, []);
  useEffect(() => {
    setState({ value: null, error: null });
    refresh();
    return () => {
      turn.current += 1;
      window.clearTimeout(timer.current);
    };
  }, [key, refresh]);
  return { ...state, refresh };
}
