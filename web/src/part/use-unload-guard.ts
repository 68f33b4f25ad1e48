import { useEffect, useRef } from "preact/hooks";

/**
 * Makes the browser ask before the page is left with unsaved changes. A function is called when the
 * user leaves.
 */
export function useUnloadGuard(unsaved: boolean | (() => boolean)): void {
  const current = useRef(unsaved);
  current.current = unsaved;
  // Without a listener the browser may keep the page in its back/forward cache.
  const isActive = unsaved !== false;
  useEffect(() => {
    if (!isActive) return;
    const onBeforeUnload = (event: BeforeUnloadEvent): void => {
      const now = current.current;
      if (typeof now === "function" ? now() : now) event.preventDefault();
    };
    window.addEventListener("beforeunload", onBeforeUnload);
    return () => window.removeEventListener("beforeunload", onBeforeUnload);
  }, [isActive]);
}
