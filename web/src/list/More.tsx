import { useEffect, useRef } from "preact/hooks";

import { Trouble } from "../part/state.tsx";
import { text } from "../text/text.ts";
import type { Pages } from "./use-pages.ts";

/**
 * Pages that load automatically. After them only the button loads more, so that the footer can be
 * reached.
 */
const MAX_AUTOMATIC = 5;
const MARGIN = "800px";

/**
 * The end of a list. Loads the next page when it comes near the viewport, and has a button for it.
 */

export function More<T>({ pages }: { pages: Pages<T> }) {
  const mark = useRef<HTMLDivElement>(null);
  const automatic = useRef(0);
  const load = useRef(pages.load);
  load.current = pages.load;
  const isReady = pages.more && !pages.busy && pages.error === null;
  useEffect(() => {
    if (!isReady || mark.current === null || automatic.current >= MAX_AUTOMATIC) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        automatic.current += 1;
        load.current();
      },
      { rootMargin: MARGIN },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [isReady]);
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
