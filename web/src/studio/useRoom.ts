/** How wide an element is, from before it is first painted, and whenever that changes. */

import { useLayoutEffect, useState } from "preact/hooks";

export function useRoom(frame: { current: HTMLElement | null }): number {
  const [room, setRoom] = useState(0);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const style = getComputedStyle(element);
    setRoom(Math.floor(element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)));
    const watcher = new ResizeObserver(([entry]) => setRoom(Math.floor(entry?.contentRect.width ?? 0)));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return room;
}
