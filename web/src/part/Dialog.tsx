import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { describeProblem } from "../text/problem.ts";
import { text } from "../text/text.ts";
import { IconButton } from "./IconButton.tsx";

interface DialogProps {
  title: string;
  onClose: () => void;
  /** Wide enough for tables. */
  wide?: boolean;
  children: ComponentChildren;
}

/** A modal dialog: the browser's own, which keeps the focus and closes with Escape. */
export function Dialog({ title, onClose, wide = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: <dialog> itself closes with Escape.
    <dialog
      class={wide ? "dialog dialog-wide" : "dialog"}
      ref={dialog}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="dialog-inner">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <IconButton
            icon="close"
            label={text.form.close}
            onClick={() => dialog.current?.close()}
          />
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Asks for confirmation before an action that cannot be undone. */
export function Confirm({
  title,
  hint,
  action,
  onYes,
  onClose,
}: {
  title: string;
  hint: string;
  action: string;
  onYes: () => Promise<void>;
  onClose: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const go = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    await onYes().then(onClose, (problem: unknown) => setError(describeProblem(problem)));
    setBusy(false);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{hint}</p>
      {error !== null && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      <div class="actions">
        <button type="button" class="button" onClick={onClose}>
          {text.form.cancel}
        </button>
        <button type="button" class="button button-bad" disabled={busy} onClick={() => void go()}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
