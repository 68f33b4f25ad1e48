import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { readQuery, urlWithQuery, usePopState } from "./query.ts";

export interface Tab {
  name: string;
  title: string;
  show: () => ComponentChildren;
}

function currentOf(tabs: Tab[]): Tab | undefined {
  const name = readQuery("tab");
  return tabs.find((tab) => tab.name === name) ?? tabs[0];
}

/** The tabs of a page. The page's address names the current tab (`?tab=`). */
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const [, setTurn] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const current = currentOf(tabs);
  usePopState(() => setTurn((turn) => turn + 1));
  useEffect(
    () =>
      list.current
        ?.querySelector('[aria-selected="true"]')
        ?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    [current?.name],
  );
  const pick = (tab: Tab | undefined): void => {
    if (tab === undefined || tab === current) return;
    history.pushState(null, "", urlWithQuery({ tab: tab === tabs[0] ? null : tab.name }));
    setTurn((turn) => turn + 1);
    list.current?.querySelector<HTMLElement>(`[data-name="${tab.name}"]`)?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    const now = current === undefined ? -1 : tabs.indexOf(current);
    const to: Record<string, number> = {
      ArrowRight: now + 1,
      ArrowLeft: now - 1 + tabs.length,
      Home: 0,
      End: tabs.length - 1,
    };
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
          <button
            key={tab.name}
            type="button"
            class="tab"
            role="tab"
            id={`${id}-${tab.name}`}
            data-name={tab.name}
            aria-selected={tab === current}
            aria-controls={`${id}-panel`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => pick(tab)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div
        class="tab-panel"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${current.name}`}
        key={current.name}
      >
        {current.show()}
      </div>
    </>
  );
}
