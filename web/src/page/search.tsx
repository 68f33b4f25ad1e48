/** What was found, with filters. All of it stands in the address, so that links and the back button find it again. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client";
import { ShownGrid } from "../list/VideoGrid";
import { usePages } from "../list/usePages";
import { Select } from "../part/form";
import { Icon } from "../part/Icon";
import { Empty } from "../part/state";
import { setTitle, showPage } from "../shell/page";
import { text } from "../text/text";

const FILTERS = ["sort", "duration", "since", "height"] as const;
type Filter = (typeof FILTERS)[number];
type Wish = Record<Filter, string> & { q: string };

function readWish(): Wish {
  const query = new URLSearchParams(location.search);
  const of = (name: string): string => query.get(name) ?? "";
  return { q: of("q").trim(), sort: of("sort") || "relevance", duration: of("duration"), since: of("since"), height: of("height") };
}

function addressOf(wish: Wish): string {
  const query = new URLSearchParams({ q: wish.q });
  for (const name of FILTERS) if (wish[name] !== "" && wish[name] !== "relevance") query.set(name, wish[name]);
  return `/search?${query}`;
}

function Search() {
  const [wish, setWish] = useState(readWish);
  useEffect(() => {
    const again = (): void => setWish(readWish());
    window.addEventListener("popstate", again);
    return () => window.removeEventListener("popstate", again);
  }, []);
  if (wish.q === "") return <Empty alone title={text.search.start} hint={text.search.startHint} />;
  const change = (next: Wish): void => {
    history.pushState(null, "", addressOf(next));
    setWish(next);
  };
  return <Results wish={wish} onChange={change} />;
}

function Results({ wish, onChange }: { wish: Wish; onChange: (wish: Wish) => void }) {
  const address = addressOf(wish);
  const pages = usePages(address, (cursor, signal) => call("GET /search", { query: { ...wish, cursor }, signal }));
  setTitle(wish.q);
  return (
    <>
      <h1 class="page-title">{text.search.titleFor(wish.q)}</h1>
      <Filters wish={wish} onChange={onChange} />
      <ShownGrid pages={pages} card={{ shape: "row" }} empty={<Empty title={text.search.empty(wish.q)} hint={text.search.emptyHint} />} />
    </>
  );
}

function Filters({ wish, onChange }: { wish: Wish; onChange: (wish: Wish) => void }) {
  const set = (name: Filter) => (value: string) => onChange({ ...wish, [name]: value });
  const used = FILTERS.some((name) => wish[name] !== "" && wish[name] !== "relevance");
  return (
    <details class="filters" open={used}>
      <summary class="button button-small button-quiet">
        <Icon name="filter" size={18} />
        {text.search.filters}
      </summary>
      <div class="filters-fields">
        <Select name="sort" label={text.search.sort} options={text.search.sorts} value={wish.sort} onPick={set("sort")} />
        <Select name="duration" label={text.search.length} options={text.search.lengths} value={wish.duration} onPick={set("duration")} />
        <Select name="since" label={text.search.since} options={text.search.sinces} value={wish.since} onPick={set("since")} />
        <Select name="height" label={text.search.quality} options={text.search.qualities} value={wish.height} onPick={set("height")} />
        {used && (
          <button type="button" class="button button-small" onClick={() => onChange({ q: wish.q, sort: "relevance", duration: "", since: "", height: "" })}>
            {text.search.reset}
          </button>
        )}
      </div>
    </details>
  );
}

showPage(text.search.title, <Search />);
