import { Icon } from "../../part/Icon.tsx";
import { useAction } from "../../shell/outcome.ts";
import { text } from "../../text/text.ts";

interface RetryButtonProps {
  label: string;
  isMain?: boolean;
  onRetry: () => Promise<unknown>;
}

/** Retries failed tasks and reports it. */
export function RetryButton({ label, isMain = false, onRetry }: RetryButtonProps) {
  const [busy, act] = useAction();
  return (
    <button
      type="button"
      class={isMain ? "button button-small button-main" : "button button-small"}
      disabled={busy}
      onClick={() => void act(onRetry, text.run.retried)}
    >
      <Icon name="retry" size={18} />
      {label}
    </button>
  );
}
