/** A list that comes page by page (keyset cursors), with what went wrong and what is still to come. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import type { Page } from "../api/shape";

export interface Pages<T> {
  items: T[];
  /** Nothing has come yet. */
  first: boolean;
  busy: boolean;
  error: unknown;
  more: boolean;
  /** The newest answer as it was, for what it says beside its items. */
  answer: Page<T> | null;
  load: () => void;
  change: (edit: (items: T[]) => T[]) => void;
}

interface State<T> {
  items: T[];
  answer: Page<T> | null;
  busy: boolean;
  error: unknown;
}

/** Reads pages by `ask`; begins anew when `key` changes. A page that comes late for an earlier key is dropped. */
export function usePages<T extends object>(key: string, ask: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>): Pages<T> {
  const [state, set] = useState<State<T>>({ items: [], answer: null, busy: true, error: null });
  const running = useRef<AbortController | null>(null);
  const asking = useRef(ask);
  asking.current = ask;

  const read = useCallback((known: T[], cursor: string | null) => {
    running.current?.abort();
    const turn = new AbortController();
    running.current = turn;
    set((now) => ({ ...now, items: known, busy: true, error: null }));
    asking.current(cursor, turn.signal).then(
      (answer) => {
        if (!turn.signal.aborted) set((now) => ({ items: [...now.items, ...answer.items], answer, busy: false, error: null }));
      },
      (error: unknown) => {
        if (!turn.signal.aborted) set((now) => ({ ...now, busy: false, error }));
      },
    );
  }, []);

  useEffect(() => {
    set({ items: [], answer: null, busy: true, error: null });
    read([], null);
    return () => running.current?.abort();
  }, [key, read]);

  return {
    ...state,
    first: state.answer === null && state.error === null,
    more: state.answer !== null && state.answer.next !== null,
    load: () => read(state.items, state.answer?.next ?? null),
    change: (edit) => set((now) => ({ ...now, items: edit(now.items) })),
  };
}
