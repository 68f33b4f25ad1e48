import { useLayoutEffect, useRef, useState } from "preact/hooks";

/**
 * Returns a ref and the width inside the element's padding, in whole CSS pixels, so that drawings
 * fit without being scaled. The width is known before the first paint and follows changes.
 */
export function useWidth<T extends HTMLElement>(): [{ current: T | null }, number] {
  const element = useRef<T>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (element.current === null) return undefined;
    const { clientWidth } = element.current;
    const { paddingLeft, paddingRight } = getComputedStyle(element.current);
    setWidth(
      Math.floor(clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight)),
    );
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.floor(entry?.contentRect.width ?? 0)),
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
