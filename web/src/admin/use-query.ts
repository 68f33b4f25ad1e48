import { useState } from "preact/hooks";

import { readQuery, replaceQuery } from "../part/query.ts";

/** Keeps a filter in the page's address. */
export function useQuery(name: string): [string, (value: string) => void] {
  const [value, setValue] = useState(readQuery(name) ?? "");
  const change = (next: string): void => {
    replaceQuery({ [name]: next });
    setValue(next);
  };
  return [value, change];
}
