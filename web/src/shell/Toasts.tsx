import { useEffect, useState } from "preact/hooks";

import { IconButton } from "../part/IconButton.tsx";
import { text } from "../text/text.ts";
import { listenForToasts, type Toast } from "./toast.ts";

const SHOWN_MS = 6000;
/** Toasts with an action stay longer, so that it can be reached with the keyboard. */
const SHOWN_WITH_ACTION_MS = 20_000;

/** Short messages at the edge of the window, which screen readers announce. */
export function Toasts() {
  const [shown, setShown] = useState<Toast[]>([]);
  const dismiss = (id: number): void => setShown((now) => now.filter((toast) => toast.id !== id));
  useEffect(() => {
    const show = (toast: Toast): void => {
      setShown((now) => [...now.slice(-2), toast]);
      window.setTimeout(
        () => dismiss(toast.id),
        toast.action === undefined ? SHOWN_MS : SHOWN_WITH_ACTION_MS,
      );
    };
    return listenForToasts(show);
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, words, mood, action }) => (
        <p key={id} class={`news news-${mood}`}>
          {words}
          {action !== undefined && (
            <button
              type="button"
              class="news-answer"
              onClick={() => {
                dismiss(id);
                action.act();
              }}
            >
              {action.label}
            </button>
          )}
          <IconButton
            icon="close"
            size={16}
            label={text.shell.dismiss}
            onClick={() => dismiss(id)}
          />
        </p>
      ))}
    </div>
  );
}
