import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { MadeWebhook, WebhookEvent, WebhookView } from "../api/schema.d.ts";
import { usePages } from "../list/use-pages.ts";
import { Confirm, Dialog } from "../part/Dialog.tsx";
import { Checks, checkedOf, Field, Form, Submit } from "../part/form.tsx";
import { Trouble } from "../part/state.tsx";
import { toastOutcome } from "../shell/outcome.ts";
import { toast } from "../shell/toast.ts";
import { formatDay } from "../text/format.ts";
import { text } from "../text/text.ts";
import { Deliveries } from "./Deliveries.tsx";
import { ShownOnce } from "./ShownOnce.tsx";

const EVENTS = Object.keys(text.webhooks.kinds).filter((kind) => kind !== "webhook.test");

/** Lists webhooks, and creates, tests, edits and deletes them. */
export function Webhooks() {
  const pages = usePages("webhooks", (cursor, signal) =>
    call("GET /webhooks", { query: { cursor, limit: 100 }, signal }),
  );
  const [created, setCreated] = useState<MadeWebhook | null>(null);
  const create = async (url: string, events: WebhookEvent[]): Promise<void> => {
    const answer = await call("POST /webhooks", {
      body: { url, events },
      idempotencyKey: crypto.randomUUID(),
    });
    setCreated(answer);
    pages.change((items) => [answer, ...items]);
  };
  return (
    <div class="settings-column">
      <div class="settings-part">
        <p class="field-hint">{text.webhooks.hint}</p>
        <WebhookForm key={created?.id ?? ""} label={text.webhooks.make} onSave={create} />
        {created !== null && <ShownOnce hint={text.webhooks.made} secret={created.secret} />}
      </div>
      {pages.error !== null && <Trouble error={pages.error} onRetry={pages.load} />}
      {pages.answer !== null && pages.items.length === 0 && (
        <p class="field-hint">{text.webhooks.none}</p>
      )}
      {pages.items.map((webhook) => (
        <Webhook
          key={webhook.id}
          webhook={webhook}
          onChange={(changed) =>
            pages.change((items) => items.map((item) => (item.id === changed.id ? changed : item)))
          }
          onDelete={() => pages.change((items) => items.filter(({ id }) => id !== webhook.id))}
        />
      ))}
    </div>
  );
}

function WebhookForm({
  webhook,
  label,
  onSave,
}: {
  webhook?: WebhookView;
  label: string;
  onSave: (url: string, events: WebhookEvent[]) => Promise<void>;
}) {
  const kinds = Object.fromEntries(
    Object.entries(text.webhooks.kinds).filter(([kind]) => EVENTS.includes(kind)),
  );
  return (
    <Form
      onSend={(values) => onSave(values.url ?? "", checkedOf(values, "events") as WebhookEvent[])}
      check={(values) => ({
        events: checkedOf(values, "events").length > 0 ? undefined : text.webhooks.noEvents,
      })}
    >
      {(state) => (
        <>
          <Field
            name="url"
            label={text.webhooks.url}
            state={state}
            type="url"
            input={{
              required: true,
              maxLength: 2000,
              value: webhook?.url ?? "",
              spellcheck: false,
              placeholder: "https://example.org/yeoul",
            }}
          />
          <Checks
            name="events"
            label={text.webhooks.events}
            options={kinds}
            checked={webhook?.events ?? EVENTS}
            state={state}
          />
          <Submit state={state} label={label} />
        </>
      )}
    </Form>
  );
}

function Webhook({
  webhook,
  onChange,
  onDelete,
}: {
  webhook: WebhookView;
  onChange: (changed: WebhookView) => void;
  onDelete: () => void;
}) {
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  const [shown, setShown] = useState(false);
  const [turn, setTurn] = useState(0);
  const path = { webhook_id: webhook.id };
  const change = async (body: {
    active?: boolean;
    url?: string;
    events?: WebhookEvent[];
  }): Promise<void> => {
    onChange(await call("PATCH /webhooks/{webhook_id}", { path, body }));
    setTurn((now) => now + 1);
  };
  const test = async (): Promise<void> => {
    await call("POST /webhooks/{webhook_id}/test", { path });
    setShown(true);
    setTurn((now) => now + 1);
  };
  const close = (): void => setDialog(null);
  return (
    <section class="settings-part webhook" aria-label={webhook.url}>
      <div class="webhook-head">
        <strong class="webhook-url">{webhook.url}</strong>
        <span
          class={`chip ${webhook.active ? (webhook.failing_since === null ? "chip-ready" : "chip-processing") : "chip-failed"}`}
        >
          {describeState(webhook)}
        </span>
      </div>
      <p class="field-hint">
        {webhook.events.map((event) => text.webhooks.kinds[event as WebhookEvent]).join(" · ")}
      </p>
      {webhook.off_reason !== null && (
        <p class="field-error">
          {webhook.off_reason === "gone" ? text.webhooks.offGone : text.webhooks.offFailing}
        </p>
      )}
      <div class="webhook-buttons">
        <button
          type="button"
          class="button button-small"
          onClick={() => toastOutcome(test(), text.webhooks.tested)}
        >
          {text.webhooks.test}
        </button>
        <button
          type="button"
          class="button button-small"
          aria-expanded={shown}
          onClick={() => setShown(!shown)}
        >
          {text.webhooks.deliveries}
        </button>
        <button type="button" class="button button-small" onClick={() => setDialog("edit")}>
          {text.webhooks.edit}
        </button>
        <button
          type="button"
          class="button button-small"
          onClick={() =>
            toastOutcome(
              change({ active: !webhook.active }),
              webhook.active ? text.webhooks.isOff : text.webhooks.isOn,
            )
          }
        >
          {webhook.active ? text.webhooks.switchOff : text.webhooks.switchOn}
        </button>
        <button type="button" class="button button-small" onClick={() => setDialog("delete")}>
          {text.webhooks.delete}
        </button>
      </div>
      {shown && <Deliveries webhook={webhook.id} turn={turn} />}
      {dialog === "edit" && (
        <Dialog title={text.webhooks.edit} onClose={close}>
          <WebhookForm
            webhook={webhook}
            label={text.form.save}
            onSave={(url, events) => change({ url, events }).then(close)}
          />
        </Dialog>
      )}
      {dialog === "delete" && (
        <Confirm
          title={text.webhooks.deleteTitle}
          hint={text.webhooks.deleteHint}
          action={text.webhooks.delete}
          onClose={close}
          onYes={async () => {
            await call("DELETE /webhooks/{webhook_id}", { path });
            onDelete();
            toast(text.webhooks.deleted);
          }}
        />
      )}
    </section>
  );
}

function describeState(webhook: WebhookView): string {
  if (!webhook.active) return text.webhooks.off;
  return webhook.failing_since === null
    ? text.webhooks.on
    : text.webhooks.failing(formatDay(webhook.failing_since));
}
