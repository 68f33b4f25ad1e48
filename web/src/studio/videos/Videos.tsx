import { useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { More } from "../../list/More.tsx";
import { type Pages, usePages } from "../../list/use-pages.ts";
import { Icon } from "../../part/Icon.tsx";
import { Empty, Trouble } from "../../part/state.tsx";
import { text } from "../../text/text.ts";
import { BulkBar } from "./BulkBar.tsx";
import { deleteVideos } from "./deletion.ts";
import { type Filters, useFilters } from "./use-filters.ts";
import { useLiveVideos } from "./use-live-videos.ts";
import { VideoFilters } from "./VideoFilters.tsx";
import { VideoRow } from "./VideoRow.tsx";

/** The studio's list of videos, which can be filtered, and edited many at a time. */
export function Videos() {
  const [filters, setFilters] = useFilters();
  const { q, state, sort } = filters;
  // Restored videos belong somewhere in the list, so it is loaded again.
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify(filters);
  const pages = usePages(`${key} ${turn}`, (cursor, signal) =>
    call("GET /videos", { query: { cursor, q, state, sort }, signal }),
  );
  return (
    <>
      <VideoFilters filters={filters} onChange={setFilters} />
      <VideoTable
        key={`${key} ${turn}`}
        pages={pages}
        filters={filters}
        onRestore={() => setTurn(turn + 1)}
        onReset={() => setFilters({ q: "", state: "", sort: "" })}
      />
    </>
  );
}

interface TableProps {
  pages: Pages<ListedVideo>;
  filters: Filters;
  onReset: () => void;
  onRestore: () => void;
}

function VideoTable({ pages, filters, onReset, onRestore }: TableProps) {
  const [selectedIds, setSelectedIds] = useState<ReadonlySet<string>>(new Set());
  useLiveVideos(pages);
  if (pages.first) return <Skeleton />;
  if (pages.items.length === 0 && pages.error !== null)
    return <Trouble error={pages.error} onRetry={pages.load} />;
  if (pages.items.length === 0 && !pages.busy)
    return filters.q === "" && filters.state === "" ? (
      <NoVideos />
    ) : (
      <NoMatches onReset={onReset} />
    );
  const select = (id: string, on: boolean): void => {
    const next = new Set(selectedIds);
    if (on) next.add(id);
    else next.delete(id);
    setSelectedIds(next);
  };
  const remove = async (videos: ListedVideo[]): Promise<void> => {
    const deleted = new Set((await deleteVideos(videos, onRestore)).map((video) => video.id));
    pages.change((items) => items.filter((video) => !deleted.has(video.id)));
    setSelectedIds(new Set());
  };
  const selected = pages.items.filter((video) => selectedIds.has(video.id));
  const isAll = selected.length === pages.items.length;
  return (
    <>
      <table role="table" class="own" aria-label={text.studio.videos} aria-busy={pages.busy}>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col" class="own-choose">
              <label class="own-check">
                <input
                  type="checkbox"
                  checked={isAll}
                  indeterminate={selected.length > 0 && !isAll}
                  aria-label={text.studio.chooseAll}
                  onChange={() =>
                    setSelectedIds(new Set(isAll ? [] : pages.items.map((video) => video.id)))
                  }
                />
              </label>
            </th>
            {(["video", "state", "visibility", "views", "date"] as const).map((column) => (
              <th
                key={column}
                role="columnheader"
                scope="col"
                class={column === "views" || column === "date" ? "own-number" : ""}
              >
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
            <VideoRow
              key={video.id}
              video={video}
              selected={selectedIds.has(video.id)}
              onSelect={(on) => select(video.id, on)}
              onDelete={() => void remove([video])}
            />
          ))}
        </tbody>
      </table>
      <More pages={pages} />
      {selected.length > 0 && (
        <BulkBar
          videos={selected}
          pages={pages}
          onDone={() => setSelectedIds(new Set())}
          onDelete={(videos) => void remove(videos)}
        />
      )}
    </>
  );
}

function NoVideos() {
  return (
    <Empty title={text.studio.none} hint={text.studio.noneHint}>
      <a class="button button-main" href="/upload">
        <Icon name="upload" size={18} />
        {text.shell.upload}
      </a>
    </Empty>
  );
}

function NoMatches({ onReset }: { onReset: () => void }) {
  return (
    <Empty title={text.studio.noneFound}>
      <button type="button" class="button" onClick={onReset}>
        {text.search.reset}
      </button>
    </Empty>
  );
}

/** As high as the rows, so that the layout does not shift when they arrive. */
function Skeleton() {
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
