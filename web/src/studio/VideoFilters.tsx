/** Search, state and order of one's own videos. */

import { useEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../part/Icon";
import { text } from "../text/text";
import type { Filters } from "./filters";

/** So long after the last letter the list is asked for. */
const TYPED_MS = 300;

export function VideoFilters({ filters, onChange }: { filters: Filters; onChange: (part: Partial<Filters>) => void }) {
  return (
    <div class="own-filters" role="search" aria-label={text.studio.search}>
      <Words value={filters.q} onType={(q) => onChange({ q })} />
      <Choice label={text.studio.show} options={text.studio.shows} value={filters.state} onPick={(state) => onChange({ state })} />
      <Choice label={text.search.sort} options={text.studio.sorts} value={filters.sort} onPick={(sort) => onChange({ sort })} />
      <a class="button button-small button-main" href="/upload">
        <Icon name="upload" size={18} />
        {text.shell.upload}
      </a>
    </div>
  );
}

function Words({ value, onType }: { value: string; onType: (q: string) => void }) {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  useEffect(() => {
    if (value !== told.current) setTyped(value);
    told.current = value;
  }, [value]);
  useEffect(() => {
    if (typed === told.current) return;
    const timer = window.setTimeout(() => {
      told.current = typed;
      onType(typed);
    }, TYPED_MS);
    return () => window.clearTimeout(timer);
  }, [typed]);
  return (
    <div class="own-search">
      <Icon name="search" size={18} />
      <input class="input" type="search" value={typed} placeholder={text.studio.search} aria-label={text.studio.search} onInput={(event) => setTyped(event.currentTarget.value)} />
    </div>
  );
}

function Choice({ label, options, value, onPick }: { label: string; options: Record<string, string>; value: string; onPick: (value: string) => void }) {
  return (
    <select class="input own-select" aria-label={label} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
      {Object.entries(options).map(([name, words]) => (
        <option key={name} value={name}>
          {words}
        </option>
      ))}
    </select>
  );
}
