import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import type { Page } from "../api/shape.ts";

export interface Pages<T> {
  items: T[];
  /** True until the first page has arrived. */
  first: boolean;
  busy: boolean;
  error: unknown;
  more: boolean;
  /** The latest answer, for its fields other than the items. */
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

/**
 * Fetches a list page by page. It starts again when `key` changes; answers for an earlier key are
 * ignored.
 */
export function usePages<T extends object>(
  key: string,
  fetchPage: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>,
): Pages<T> {
  const [state, setState] = useState<State<T>>({
    items: [],
    answer: null,
    busy: true,
    error: null,
  });
  const running = useRef<AbortController | null>(null);
  const latest = useRef(fetchPage);
  latest.current = fetchPage;

  const fetchNext = useCallback((items: T[], cursor: string | null) => {
    running.current?.abort();
    const request = new AbortController();
    running.current = request;
    setState((now) => ({ ...now, items, busy: true, error: null }));
    latest.current(cursor, request.signal).then(
      (answer) => {
        if (!request.signal.aborted)
          setState((now) => ({
            items: [...now.items, ...answer.items],
            answer,
            busy: false,
            error: null,
          }));
      },
      (error: unknown) => {
        if (!request.signal.aborted) setState((now) => ({ ...now, busy: false, error }));
      },
    );
  }, []);

  useEffect(() => {
    setState({ items: [], answer: null, busy: true, error: null });
    fetchNext([], null);
    return () => running.current?.abort();
  }, [key, fetchNext]);

  return {
    ...state,
    first: state.answer === null && state.error === null,
    more: state.answer !== null && state.answer.next !== null,
    load: () => fetchNext(state.items, state.answer?.next ?? null),
    change: (edit) => setState((now) => ({ ...now, items: edit(now.items) })),
  };
}
