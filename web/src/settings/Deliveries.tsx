/** What a webhook was told of late, and what it answered; read again while something is on its way. */

import { useEffect } from "preact/hooks";

import { call } from "../api/client";
import type { DeliveryView, WebhookEvent } from "../api/schema";
import { usePages } from "../list/usePages";
import { Trouble } from "../part/state";
import { toast } from "../shell/toast";
import { formatAge, formatMoment, formatSeconds } from "../text/format";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

const AGAIN_MS = 1000;
const SOON_MS = 60_000;

/** turn: counts what may have changed them. */
export function Deliveries({ webhook, turn }: { webhook: string; turn: number }) {
  const path = { webhook_id: webhook };
  const pages = usePages(webhook, (cursor, signal) => call("GET /webhooks/{webhook_id}/deliveries", { path, query: { cursor, limit: 10 }, signal }));
  const refresh = (): void => {
    call("GET /webhooks/{webhook_id}/deliveries", { path, query: { limit: 10 } }).then(
      (answer) => pages.change((items) => [...answer.items, ...items.filter((item) => !answer.items.some((one) => one.id === item.id))]),
      () => undefined,
    );
  };
  useEffect(() => {
    if (turn > 0) refresh();
  }, [turn]);
  const moving = pages.items.some((one) => one.next_attempt_at !== null && Date.parse(one.next_attempt_at) < Date.now() + SOON_MS);
  useEffect(() => {
    if (!moving) return;
    const timer = window.setInterval(refresh, AGAIN_MS);
    return () => window.clearInterval(timer);
  }, [moving]);
  const again = (delivery: DeliveryView): void => {
    call("POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", { path: { ...path, delivery_id: delivery.id } }).then(
      (now) => pages.change((items) => items.map((one) => (one.id === now.id ? now : one))),
      (error: unknown) => toast(sayProblem(error), "bad"),
    );
  };
  if (pages.error !== null) return <Trouble error={pages.error} onRetry={pages.load} />;
  if (pages.answer !== null && pages.items.length === 0) return <p class="field-hint">{text.webhooks.noDeliveries}</p>;
  return (
    <div class="deliveries" aria-busy={pages.busy}>
      <ul class="facts-list" aria-label={text.webhooks.deliveries}>
        {pages.items.map((delivery) => (
          <li key={delivery.id}>
            <div>
              <strong>{text.webhooks.kinds[delivery.type as WebhookEvent]}</strong> <span class={`chip chip-${CHIPS[delivery.state] ?? ""}`}>{sayAnswer(delivery)}</span>
              <p class="card-facts">{sayFacts(delivery)}</p>
              {delivery.error !== null && <p class="field-error">{delivery.error}</p>}
            </div>
            <button type="button" class="button button-small" onClick={() => again(delivery)}>
              {text.webhooks.redeliver}
            </button>
          </li>
        ))}
      </ul>
      {pages.more && (
        <button type="button" class="button button-small" disabled={pages.busy} onClick={pages.load}>
          {text.state.more}
        </button>
      )}
    </div>
  );
}

const CHIPS: Record<string, string> = { delivered: "ready", pending: "processing", failed: "failed" };

function sayAnswer(delivery: DeliveryView): string {
  if (delivery.status !== null) return text.webhooks.answered(delivery.status);
  return delivery.state === "pending" ? text.webhooks.pending : text.webhooks.noAnswer;
}

function sayFacts(delivery: DeliveryView): string {
  const facts = [formatAge(delivery.created_at)];
  if (delivery.attempts > 0) facts.push(text.webhooks.attempts(delivery.attempts));
  if (delivery.duration_s !== null) facts.push(formatSeconds(delivery.duration_s));
  if (delivery.next_attempt_at !== null && delivery.attempts > 0) facts.push(text.webhooks.next(formatMoment(delivery.next_attempt_at)));
  return facts.join(" · ");
}
