/**
 * The watch history, newest first. Entries can be removed, and the history can be cleared or
 * paused.
 */

import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { HistoryEntry } from "../api/shape.ts";
import { More } from "../list/More.tsx";
import { usePages } from "../list/use-pages.ts";
import { VideoCard } from "../list/VideoCard.tsx";
import { Skeletons } from "../list/VideoGrid.tsx";
import { Confirm } from "../part/Dialog.tsx";
import { IconButton } from "../part/IconButton.tsx";
import { Empty, Trouble } from "../part/state.tsx";
import { setAccount, useAccount } from "../session/session.ts";
import { showPage } from "../shell/page.tsx";
import { toast } from "../shell/toast.ts";
import { formatDay } from "../text/format.ts";
import { describeProblem } from "../text/problem.ts";
import { text } from "../text/text.ts";

function HistoryPage() {
  const pages = usePages("history", (cursor, signal) =>
    call("GET /history", { query: { cursor }, signal }),
  );
  const [clearing, setClearing] = useState(false);
  const remove = (entry: HistoryEntry): void => {
    pages.change((items) => items.filter((one) => one.video.id !== entry.video.id));
    call("DELETE /history/{video_id}", { path: { video_id: entry.video.id } }).then(
      () => toast(text.video.removed),
      (error: unknown) => toast(describeProblem(error), "bad"),
    );
  };
  return (
    <>
      <header class="page-head">
        <h1 class="page-title">{text.history.title}</h1>
        <div class="actions">
          <Pause />
          <button
            type="button"
            class="button button-small"
            disabled={pages.items.length === 0}
            onClick={() => setClearing(true)}
          >
            {text.history.clear}
          </button>
        </div>
      </header>
      {pages.first ? (
        <Skeletons shape="rows" count={6} />
      ) : pages.items.length > 0 ? (
        <Days entries={pages.items} onRemove={remove} />
      ) : pages.error !== null ? (
        <Trouble error={pages.error} onRetry={pages.load} />
      ) : (
        <Empty title={text.history.empty} hint={text.history.emptyHint} />
      )}
      <More pages={pages} />
      {clearing && (
        <Confirm
          title={text.history.clearTitle}
          hint={text.history.clearHint}
          action={text.history.clear}
          onClose={() => setClearing(false)}
          onYes={async () => {
            await call("DELETE /history");
            pages.change(() => []);
            toast(text.history.cleared);
          }}
        />
      )}
    </>
  );
}

function Pause() {
  const account = useAccount();
  if (!account || account.keep_history === undefined) return null;
  const turn = (): void => {
    call("PATCH /accounts/me", { body: { keep_history: account.keep_history !== true } }).then(
      setAccount,
      (error: unknown) => toast(describeProblem(error), "bad"),
    );
  };
  return (
    <button
      type="button"
      class="button button-small"
      aria-pressed={!account.keep_history}
      onClick={turn}
    >
      {account.keep_history ? text.history.pause : text.history.resume}
    </button>
  );
}

function Days({
  entries,
  onRemove,
}: {
  entries: HistoryEntry[];
  onRemove: (entry: HistoryEntry) => void;
}) {
  const days = Map.groupBy(entries, (entry) => formatDay(entry.watched_at));
  return (
    <>
      {[...days].map(([day, ofDay]) => (
        <section key={day} class="day">
          <h2 class="part-title">{day}</h2>
          <ul class="rows">
            {ofDay.map((entry) => (
              <li key={entry.video.id}>
                <VideoCard
                  video={entry.video}
                  shape="row"
                  heading="h3"
                  position_s={entry.position_s}
                  extra={
                    <div class="card-buttons">
                      <IconButton
                        icon="close"
                        label={text.history.remove(entry.video.title)}
                        onClick={() => onRemove(entry)}
                      />
                    </div>
                  }
                />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

showPage(text.history.title, <HistoryPage />, { width: "middle" });
