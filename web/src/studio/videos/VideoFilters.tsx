import { useEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../../part/Icon.tsx";
import { text } from "../../text/text.ts";
import type { Filters } from "./use-filters.ts";

/** Pause after the last letter before the list is loaded. */
const TYPING_MS = 300;

/** Search text, state and order of the studio's list of videos. */
export function VideoFilters({
  filters,
  onChange,
}: {
  filters: Filters;
  onChange: (part: Partial<Filters>) => void;
}) {
  return (
    <div class="own-filters" role="search" aria-label={text.studio.search}>
      <SearchField value={filters.q} onType={(q) => onChange({ q })} />
      <FilterSelect
        label={text.studio.show}
        options={text.studio.shows}
        value={filters.state}
        onPick={(state) => onChange({ state })}
      />
      <FilterSelect
        label={text.search.sort}
        options={text.studio.sorts}
        value={filters.sort}
        onPick={(sort) => onChange({ sort })}
      />
      <a class="button button-small button-main" href="/upload">
        <Icon name="upload" size={18} />
        {text.shell.upload}
      </a>
    </div>
  );
}

function SearchField({ value, onType }: { value: string; onType: (q: string) => void }) {
  const [typed, setTyped] = useState(value);
  const reported = useRef(value);
  useEffect(() => {
    if (value !== reported.current) setTyped(value);
    reported.current = value;
  }, [value]);
  useEffect(() => {
    if (typed === reported.current) return;
    const timer = window.setTimeout(() => {
      reported.current = typed;
      onType(typed);
    }, TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [typed]);
  return (
    <div class="own-search">
      <Icon name="search" size={18} />
      <input
        class="input"
        type="search"
        value={typed}
        placeholder={text.studio.search}
        aria-label={text.studio.search}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </div>
  );
}

function FilterSelect({
  label,
  options,
  value,
  onPick,
}: {
  label: string;
  options: Record<string, string>;
  value: string;
  onPick: (value: string) => void;
}) {
  return (
    <select
      class="input own-select"
      aria-label={label}
      value={value}
      onChange={(event) => onPick(event.currentTarget.value)}
    >
      {Object.entries(options).map(([name, words]) => (
        <option key={name} value={name}>
          {words}
        </option>
      ))}
    </select>
  );
}
