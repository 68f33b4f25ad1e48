import { useEffect } from "preact/hooks";

import { call } from "../api/client.ts";
import type { DeliveryView, WebhookEvent } from "../api/schema.d.ts";
import { usePages } from "../list/use-pages.ts";
import { Trouble } from "../part/state.tsx";
import { toastProblem } from "../shell/outcome.ts";
import { formatAge, formatMoment, formatSeconds } from "../text/format.ts";
import { text } from "../text/text.ts";

const POLL_MS = 1000;
const SOON_MS = 60_000;

/**
 * The latest deliveries of a webhook, polled while one is pending. turn: changes when there may be
 * a new delivery.
 */
export function Deliveries({ webhook, turn }: { webhook: string; turn: number }) {
  const path = { webhook_id: webhook };
  const pages = usePages(webhook, (cursor, signal) =>
    call("GET /webhooks/{webhook_id}/deliveries", { path, query: { cursor, limit: 10 }, signal }),
  );
  const refresh = (): void => {
    call("GET /webhooks/{webhook_id}/deliveries", { path, query: { limit: 10 } }).then(
      (answer) =>
        pages.change((items) => [
          ...answer.items,
          ...items.filter((item) => !answer.items.some(({ id }) => id === item.id)),
        ]),
      () => undefined,
    );
  };
  useEffect(() => {
    if (turn > 0) refresh();
  }, [turn]);
  const isPending = pages.items.some(
    ({ next_attempt_at }) =>
      next_attempt_at !== null && Date.parse(next_attempt_at) < Date.now() + SOON_MS,
  );
  useEffect(() => {
    if (!isPending) return;
    const timer = window.setInterval(refresh, POLL_MS);
    return () => window.clearInterval(timer);
  }, [isPending]);
  const redeliver = (delivery: DeliveryView): void => {
    call("POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", {
      path: { ...path, delivery_id: delivery.id },
    }).then(
      (changed) =>
        pages.change((items) => items.map((item) => (item.id === changed.id ? changed : item))),
      toastProblem,
    );
  };
  if (pages.error !== null) return <Trouble error={pages.error} onRetry={pages.load} />;
  if (pages.answer !== null && pages.items.length === 0)
    return <p class="field-hint">{text.webhooks.noDeliveries}</p>;
  return (
    <div class="deliveries" aria-busy={pages.busy}>
      <ul class="facts-list" aria-label={text.webhooks.deliveries}>
        {pages.items.map((delivery) => (
          <li key={delivery.id}>
            <div>
              <strong>{text.webhooks.kinds[delivery.type as WebhookEvent]}</strong>{" "}
              <span class={`chip chip-${CHIPS[delivery.state] ?? ""}`}>
                {describeAnswer(delivery)}
              </span>
              <p class="card-facts">{describeFacts(delivery)}</p>
              {delivery.error !== null && <p class="field-error">{delivery.error}</p>}
            </div>
            <button type="button" class="button button-small" onClick={() => redeliver(delivery)}>
              {text.webhooks.redeliver}
            </button>
          </li>
        ))}
      </ul>
      {pages.more && (
        <button
          type="button"
          class="button button-small"
          disabled={pages.busy}
          onClick={pages.load}
        >
          {text.state.more}
        </button>
      )}
    </div>
  );
}

const CHIPS: Record<string, string> = {
  delivered: "ready",
  pending: "processing",
  failed: "failed",
};

function describeAnswer(delivery: DeliveryView): string {
  if (delivery.status !== null) return text.webhooks.answered(delivery.status);
  return delivery.state === "pending" ? text.webhooks.pending : text.webhooks.noAnswer;
}

function describeFacts(delivery: DeliveryView): string {
  const facts = [formatAge(delivery.created_at)];
  if (delivery.attempts > 0) facts.push(text.webhooks.attempts(delivery.attempts));
  if (delivery.duration_s !== null) facts.push(formatSeconds(delivery.duration_s));
  if (delivery.next_attempt_at !== null && delivery.attempts > 0)
    facts.push(text.webhooks.next(formatMoment(delivery.next_attempt_at)));
  return facts.join(" · ");
}
