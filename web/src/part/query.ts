/**
 * The query of the page's address, which keeps tabs, filters and choices, so that links and the
 * back button restore them.
 */

import { useEffect } from "preact/hooks";

export function readQuery(name: string): string | null {
  return new URLSearchParams(location.search).get(name);
}

/**
 * Returns the page's address with changed parameters. null, undefined and "" remove a parameter.
 */
export function urlWithQuery(values: Record<string, string | null | undefined>): URL {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url;
}

/** Changes parameters without a new entry in the browser's history. */
export function replaceQuery(values: Record<string, string | null | undefined>): void {
  history.replaceState(null, "", urlWithQuery(values));
}

/** Calls back when the user goes back or forward in the browser's history. */
export function usePopState(onPopState: () => void): void {
  useEffect(() => {
    window.addEventListener("popstate", onPopState);
    return () => window.removeEventListener("popstate", onPopState);
  }, []);
}
