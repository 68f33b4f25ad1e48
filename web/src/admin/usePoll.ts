/** What is read again every second. The last answer stays while the server is silent. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

const EVERY_MS = 1000;

export interface Poll<T> {
  value: T | null;
  error: unknown;
  /** Reads at once, and counts the second from then. */
  refresh: () => void;
}

/** Begins anew when `key` changes; null asks nothing. */
export function usePoll<T>(key: string | null, ask: () => Promise<T>): Poll<T> {
  const [state, set] = useState<{ value: T | null; error: unknown }>({ value: null, error: null });
  const turn = useRef(0);
  const timer = useRef(0);
  const asking = useRef(ask);
  asking.current = ask;
  const refresh = useCallback(() => {
    window.clearTimeout(timer.current);
    const mine = (turn.current += 1);
    asking
      .current()
      .then(
        (value) => mine === turn.current && set({ value, error: null }),
        (error: unknown) => mine === turn.current && set((now) => ({ ...now, error })),
      )
      .finally(() => {
        if (mine === turn.current) timer.current = window.setTimeout(refresh, EVERY_MS);
      });
  }, []);
  useEffect(() => {
    set({ value: null, error: null });
    if (key !== null) refresh();
    return () => {
      turn.current += 1;
      window.clearTimeout(timer.current);
    };
  }, [key, refresh]);
  return { ...state, refresh };
}
