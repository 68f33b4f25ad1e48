/** One's own videos: found, sorted, followed while they are worked on, and changed many at a time. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { ListedVideo } from "../api/shape";
import { More } from "../list/More";
import { usePages, type Pages } from "../list/usePages";
import { Icon } from "../part/Icon";
import { Empty, Trouble } from "../part/state";
import { text } from "../text/text";
import { BulkBar } from "./BulkBar";
import { deleteVideos } from "./deletion";
import { useFilters, type Filters } from "./filters";
import { useLive } from "./useLive";
import { VideoFilters } from "./VideoFilters";
import { VideoRow } from "./VideoRow";

export function Videos() {
  const [filters, setFilters] = useFilters();
  const { q, state, sort } = filters;
  // What was restored comes back at its place: the list is read anew.
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify(filters);
  const pages = usePages(`${key} ${turn}`, (cursor, signal) => call("GET /videos", { query: { cursor, q, state, sort }, signal }));
  return (
    <>
      <VideoFilters filters={filters} onChange={setFilters} />
      <Found key={`${key} ${turn}`} pages={pages} filters={filters} onBack={() => setTurn(turn + 1)} onReset={() => setFilters({ q: "", state: "", sort: "" })} />
    </>
  );
}

interface FoundProps {
  pages: Pages<ListedVideo>;
  filters: Filters;
  onReset: () => void;
  onBack: () => void;
}

function Found({ pages, filters, onReset, onBack }: FoundProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  useLive(pages);
  if (pages.first) return <Bones />;
  if (pages.items.length === 0 && pages.error !== null) return <Trouble error={pages.error} onRetry={pages.load} />;
  if (pages.items.length === 0 && !pages.busy) return filters.q === "" && filters.state === "" ? <NoneYet /> : <NoneFound onReset={onReset} />;
  const choose = (id: string, on: boolean): void => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  const remove = async (videos: ListedVideo[]): Promise<void> => {
    const gone = new Set((await deleteVideos(videos, onBack)).map((video) => video.id));
    pages.change((items) => items.filter((video) => !gone.has(video.id)));
    setChosen(new Set());
  };
  const marked = pages.items.filter((video) => chosen.has(video.id));
  const all = marked.length === pages.items.length;
  return (
    <>
      <table role="table" class="own" aria-label={text.studio.videos} aria-busy={pages.busy}>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col" class="own-choose">
              <label class="own-check">
                <input
                  type="checkbox"
                  checked={all}
                  indeterminate={marked.length > 0 && !all}
                  aria-label={text.studio.chooseAll}
                  onChange={() => setChosen(new Set(all ? [] : pages.items.map((video) => video.id)))}
                />
              </label>
            </th>
            {(["video", "state", "visibility", "views", "date"] as const).map((column) => (
              <th key={column} role="columnheader" scope="col" class={column === "views" || column === "date" ? "own-number" : ""}>
                {text.studio.columns[column]}
              </th>
            ))}
            <th role="columnheader" scope="col">
              <span class="hidden-words">{text.studio.columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {pages.items.map((video) => (
            <VideoRow key={video.id} video={video} chosen={chosen.has(video.id)} onChoose={(on) => choose(video.id, on)} onDelete={() => void remove([video])} />
          ))}
        </tbody>
      </table>
      <More pages={pages} />
      {marked.length > 0 && <BulkBar videos={marked} pages={pages} onEnd={() => setChosen(new Set())} onDelete={(videos) => void remove(videos)} />}
    </>
  );
}

function NoneYet() {
  return (
    <Empty title={text.studio.none} hint={text.studio.noneHint}>
      <a class="button button-main" href="/upload">
        <Icon name="upload" size={18} />
        {text.shell.upload}
      </a>
    </Empty>
  );
}

function NoneFound({ onReset }: { onReset: () => void }) {
  return (
    <Empty title={text.studio.noneFound}>
      <button type="button" class="button" onClick={onReset}>
        {text.search.reset}
      </button>
    </Empty>
  );
}

/** As high as rows, so that nothing moves when they come. */
function Bones() {
  return (
    <div class="own-bones" aria-busy="true" aria-label={text.state.loading} role="status">
      {Array.from({ length: 6 }, (_, index) => (
        <div key={index} class="own-bone skeleton" aria-hidden="true">
          <span class="own-picture" />
          <span class="card-text">
            <span class="bone bone-long" />
            <span class="bone" />
          </span>
        </div>
      ))}
    </div>
  );
}
