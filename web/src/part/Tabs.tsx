/** Tabs of one page; the one that is shown stands in the address (`?tab=`), so that links and the back button find it. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

export interface Tab {
  name: string;
  title: string;
  show: () => ComponentChildren;
}

function named(tabs: Tab[]): Tab | undefined {
  const wish = new URLSearchParams(location.search).get("tab");
  return tabs.find((tab) => tab.name === wish) ?? tabs[0];
}

export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const [, setTurn] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const current = named(tabs);
  useEffect(() => {
    const again = (): void => setTurn((turn) => turn + 1);
    window.addEventListener("popstate", again);
    return () => window.removeEventListener("popstate", again);
  }, []);
  useEffect(() => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" }), [current?.name]);
  const pick = (tab: Tab | undefined): void => {
    if (tab === undefined || tab === current) return;
    const url = new URL(location.href);
    if (tab === tabs[0]) url.searchParams.delete("tab");
    else url.searchParams.set("tab", tab.name);
    history.pushState(null, "", url);
    setTurn((turn) => turn + 1);
    list.current?.querySelector<HTMLElement>(`[data-name="${tab.name}"]`)?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    const now = tabs.findIndex((tab) => tab === current);
    const to: Record<string, number> = { ArrowRight: now + 1, ArrowLeft: now - 1 + tabs.length, Home: 0, End: tabs.length - 1 };
    const next = to[event.key];
    if (next === undefined) return;
    event.preventDefault();
    pick(tabs[next % tabs.length]);
  };
  if (current === undefined) return null;
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKey}>
        {tabs.map((tab) => (
          <button key={tab.name} type="button" class="tab" role="tab" id={`${id}-${tab.name}`} data-name={tab.name} aria-selected={tab === current} aria-controls={`${id}-panel`} tabIndex={tab === current ? 0 : -1} onClick={() => pick(tab)}>
            {tab.title}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${current.name}`} key={current.name}>
        {current.show()}
      </div>
    </>
  );
}
