/** What of one's own videos is shown, and in which order; kept in the address, so that links and the back button find it. */

import { useEffect, useState } from "preact/hooks";

export interface Filters {
  q: string;
  state: string;
  sort: string;
}

const NAMES = ["q", "state", "sort"] as const;

function read(): Filters {
  const query = new URLSearchParams(location.search);
  return { q: query.get("q") ?? "", state: query.get("state") ?? "", sort: query.get("sort") ?? "" };
}

export function useFilters(): [Filters, (part: Partial<Filters>) => void] {
  const [filters, set] = useState(read);
  useEffect(() => {
    const again = (): void => set(read());
    window.addEventListener("popstate", again);
    return () => window.removeEventListener("popstate", again);
  }, []);
  // What is typed comes late: it is put beside what holds then.
  const change = (part: Partial<Filters>): void => {
    const next = { ...read(), ...part };
    const url = new URL(location.href);
    for (const name of NAMES) {
      if (next[name] === "") url.searchParams.delete(name);
      else url.searchParams.set(name, next[name]);
    }
    history.replaceState(null, "", url);
    set(next);
  };
  return [filters, change];
}
