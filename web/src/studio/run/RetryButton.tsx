import { useState } from "preact/hooks";

import { Icon } from "../../part/Icon.tsx";
import { toastProblem } from "../../shell/outcome.ts";
import { toast } from "../../shell/toast.ts";
import { text } from "../../text/text.ts";

interface RetryButtonProps {
  label: string;
  isMain?: boolean;
  onRetry: () => Promise<unknown>;
}

/** Retries failed tasks and reports it. */
export function RetryButton({ label, isMain = false, onRetry }: RetryButtonProps) {
  const [busy, setBusy] = useState(false);
  const retry = async (): Promise<void> => {
    setBusy(true);
    try {
      await onRetry();
      toast(text.run.retried);
    } catch (error) {
      toastProblem(error);
    }
    setBusy(false);
  };
  return (
    <button
      type="button"
      class={isMain ? "button button-small button-main" : "button button-small"}
      disabled={busy}
      onClick={() => void retry()}
    >
      <Icon name="retry" size={18} />
      {label}
    </button>
  );
}
