import { useState } from "preact/hooks";

import { readQuery, replaceQuery, usePopState } from "../../part/query.ts";

export interface Filters {
  q: string;
  state: string;
  sort: string;
}

function readFilters(): Filters {
  return {
    q: readQuery("q") ?? "",
    state: readQuery("state") ?? "",
    sort: readQuery("sort") ?? "",
  };
}

/** Keeps the filters of the studio's list in the page's address. */
export function useFilters(): [Filters, (part: Partial<Filters>) => void] {
  const [filters, setFilters] = useState(readFilters);
  usePopState(() => setFilters(readFilters()));
  const change = (part: Partial<Filters>): void => {
    // The search field reports late, so its text is merged with the filters of now.
    const next = { ...readFilters(), ...part };
    replaceQuery({ ...next });
    setFilters(next);
  };
  return [filters, change];
}
