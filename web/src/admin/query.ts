/** A filter that stands in the address, so that links find it. */

import { useState } from "preact/hooks";

export function useQuery(name: string): [string, (value: string) => void] {
  const [value, set] = useState(new URLSearchParams(location.search).get(name) ?? "");
  const change = (now: string): void => {
    const url = new URL(location.href);
    if (now === "") url.searchParams.delete(name);
    else url.searchParams.set(name, now);
    history.replaceState(null, "", url);
    set(now);
  };
  return [value, change];
}
