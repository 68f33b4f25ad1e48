/** The end of a list: asks for the next page when it comes near the window, and has a button for who would rather press one. */

import { useEffect, useRef } from "preact/hooks";

import { Trouble } from "../part/state";
import { text } from "../text/text";
import type { Pages } from "./usePages";

/** So many pages come by themselves; then the footer can be reached, and the button goes on. */
const BY_ITSELF = 5;
const AHEAD = "800px";

export function More<T>({ pages }: { pages: Pages<T> }) {
  const mark = useRef<HTMLDivElement>(null);
  const came = useRef(0);
  const load = useRef(pages.load);
  load.current = pages.load;
  const ready = pages.more && !pages.busy && pages.error === null;
  useEffect(() => {
    if (!ready || mark.current === null || came.current >= BY_ITSELF) return;
    const watcher = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        watcher.disconnect();
        came.current += 1;
        load.current();
      },
      { rootMargin: AHEAD },
    );
    watcher.observe(mark.current);
    return () => watcher.disconnect();
  }, [ready]);
  if (pages.items.length === 0 || (!pages.more && pages.error === null)) return null;
  if (pages.error !== null) return <Trouble error={pages.error} onRetry={pages.load} />;
  return (
    <div class="more" ref={mark}>
      <button type="button" class="button" disabled={pages.busy} onClick={pages.load}>
        {pages.busy ? text.state.loading : text.state.more}
      </button>
    </div>
  );
}
