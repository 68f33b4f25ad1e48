/** The search page. The page's address holds the words and the filters. */

import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import { usePages } from "../list/use-pages.ts";
import { ShownGrid } from "../list/VideoGrid.tsx";
import { Select } from "../part/form.tsx";
import { Icon } from "../part/Icon.tsx";
import { readQuery, usePopState } from "../part/query.ts";
import { Empty } from "../part/state.tsx";
import { setTitle, showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

const FILTERS = ["sort", "duration", "since", "height"] as const;
type Filter = (typeof FILTERS)[number];
const CHOICES: Record<Filter, [label: string, options: Record<string, string>]> = {
  sort: [text.search.sort, text.search.sorts],
  duration: [text.search.length, text.search.lengths],
  since: [text.search.since, text.search.sinces],
  height: [text.search.quality, text.search.qualities],
};
type SearchQuery = Record<Filter, string> & { q: string };

function readSearch(): SearchQuery {
  const of = (name: string): string => readQuery(name) ?? "";
  return {
    q: of("q").trim(),
    sort: of("sort") || "relevance",
    duration: of("duration"),
    since: of("since"),
    height: of("height"),
  };
}

function addressOf(search: SearchQuery): string {
  const query = new URLSearchParams({ q: search.q });
  for (const name of FILTERS)
    if (search[name] !== "" && search[name] !== "relevance") query.set(name, search[name]);
  return `/search?${query}`;
}

function Search() {
  const [search, setSearch] = useState(readSearch);
  usePopState(() => setSearch(readSearch()));
  if (search.q === "")
    return <Empty alone title={text.search.start} hint={text.search.startHint} />;
  const change = (next: SearchQuery): void => {
    history.pushState(null, "", addressOf(next));
    setSearch(next);
  };
  return <Results search={search} onChange={change} />;
}

function Results({
  search,
  onChange,
}: {
  search: SearchQuery;
  onChange: (search: SearchQuery) => void;
}) {
  const address = addressOf(search);
  const pages = usePages(address, (cursor, signal) =>
    call("GET /search", { query: { ...search, cursor }, signal }),
  );
  setTitle(search.q);
  return (
    <>
      <h1 class="page-title">{text.search.titleFor(search.q)}</h1>
      <Filters search={search} onChange={onChange} />
      <ShownGrid
        pages={pages}
        card={{ shape: "row" }}
        empty={<Empty title={text.search.empty(search.q)} hint={text.search.emptyHint} />}
      />
    </>
  );
}

function Filters({
  search,
  onChange,
}: {
  search: SearchQuery;
  onChange: (search: SearchQuery) => void;
}) {
  const used = FILTERS.some((name) => search[name] !== "" && search[name] !== "relevance");
  return (
    <details class="filters" open={used}>
      <summary class="button button-small button-quiet">
        <Icon name="filter" size={18} />
        {text.search.filters}
      </summary>
      <div class="filters-fields">
        {FILTERS.map((name) => (
          <Select
            key={name}
            name={name}
            label={CHOICES[name][0]}
            options={CHOICES[name][1]}
            value={search[name]}
            onPick={(value) => onChange({ ...search, [name]: value })}
          />
        ))}
        {used && (
          <button
            type="button"
            class="button button-small"
            onClick={() =>
              onChange({ q: search.q, sort: "relevance", duration: "", since: "", height: "" })
            }
          >
            {text.search.reset}
          </button>
        )}
      </div>
    </details>
  );
}

showPage(text.search.title, <Search />);
