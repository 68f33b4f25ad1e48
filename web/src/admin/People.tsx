import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { AdminAccountChange, AdminAccountView, Role } from "../api/schema.d.ts";
import { Avatar } from "../list/Avatar.tsx";
import { More } from "../list/More.tsx";
import { usePages } from "../list/use-pages.ts";
import { Confirm, Dialog } from "../part/Dialog.tsx";
import { Field, Form, Select, Submit } from "../part/form.tsx";
import { Trouble } from "../part/state.tsx";
import { toastProblem } from "../shell/outcome.ts";
import { toast } from "../shell/toast.ts";
import { formatBytes, formatDay } from "../text/format.ts";
import { text } from "../text/text.ts";
import { useQuery } from "./use-query.ts";

const GB = 1e9;

/**
 * Accounts, found by the start of their handle or address, with role, quota and whether they are
 * disabled.
 */
export function People({ own }: { own: string }) {
  const [q, setQ] = useQuery("q");
  const pages = usePages(q, (cursor, signal) =>
    call("GET /admin/accounts", { query: { q, cursor }, signal }),
  );
  return (
    <>
      <label class="admin-search">
        <span class="field-hint">{text.admin.findPeople}</span>
        <input
          class="input"
          type="search"
          value={q}
          maxLength={100}
          spellcheck={false}
          onInput={(event) => setQ(event.currentTarget.value.trim())}
        />
      </label>
      {pages.first && pages.error !== null && <Trouble error={pages.error} onRetry={pages.load} />}
      {!pages.busy && pages.error === null && pages.items.length === 0 && (
        <p class="field-hint">{text.admin.nobody}</p>
      )}
      <ul class="facts-list people" aria-label={text.admin.people} aria-busy={pages.busy}>
        {pages.items.map((person) => (
          <Person
            key={person.id}
            person={person}
            own={person.handle === own}
            onChange={(changed) =>
              pages.change((items) =>
                items.map((item) => (item.id === changed.id ? changed : item)),
              )
            }
          />
        ))}
      </ul>
      <More pages={pages} />
    </>
  );
}

function Person({
  person,
  own,
  onChange,
}: {
  person: AdminAccountView;
  own: boolean;
  onChange: (changed: AdminAccountView) => void;
}) {
  const [dialog, setDialog] = useState<"edit" | "disable" | null>(null);
  const close = (): void => setDialog(null);
  const change = async (body: AdminAccountChange): Promise<void> => {
    onChange(
      await call("PATCH /admin/accounts/{account_id}", { path: { account_id: person.id }, body }),
    );
    toast(text.admin.personSaved(person.handle));
  };
  const enable = (): void => void change({ disabled: false }).catch(toastProblem);
  const quota =
    person.quota_bytes === null
      ? text.admin.used(formatBytes(person.used_bytes))
      : text.settings.storageUsed(formatBytes(person.used_bytes), formatBytes(person.quota_bytes));
  return (
    <li>
      <Avatar
        handle={person.handle}
        name={person.display_name}
        picture={person.avatar}
        size="middle"
      />
      <div class="person">
        <a class="link" href={`/c/${encodeURIComponent(person.handle)}`}>
          <strong>{person.handle}</strong>
        </a>{" "}
        <span class="chip">{text.admin.roles[person.role as Role]}</span>{" "}
        {person.disabled && <span class="chip chip-failed">{text.admin.disabled}</span>}
        <p class="card-facts">
          {[
            person.email,
            person.confirmed ? text.settings.emailConfirmed : text.settings.emailOpen,
          ].join(" · ")}
        </p>
        <p class="card-facts">
          {[quota, text.admin.since(formatDay(person.created_at))].join(" · ")}
        </p>
      </div>
      <div class="person-buttons">
        <button
          type="button"
          class="button button-small"
          aria-label={text.admin.changeOf(person.handle)}
          onClick={() => setDialog("edit")}
        >
          {text.admin.change}
        </button>
        {!own && (
          <button
            type="button"
            class="button button-small"
            aria-label={text.admin.doorOf(person.disabled, person.handle)}
            onClick={person.disabled ? enable : () => setDialog("disable")}
          >
            {person.disabled ? text.admin.enable : text.admin.disable}
          </button>
        )}
      </div>
      {dialog === "edit" && (
        <Dialog title={text.admin.changeOf(person.handle)} onClose={close}>
          <PersonForm person={person} onSave={(body) => change(body).then(close)} />
        </Dialog>
      )}
      {dialog === "disable" && (
        <Confirm
          title={text.admin.disableTitle(person.handle)}
          hint={text.admin.disableHint}
          action={text.admin.disable}
          onClose={close}
          onYes={() => change({ disabled: true })}
        />
      )}
    </li>
  );
}

function PersonForm({
  person,
  onSave,
}: {
  person: AdminAccountView;
  onSave: (body: AdminAccountChange) => Promise<void>;
}) {
  const quota = person.quota_bytes === null ? "" : String(person.quota_bytes / GB);
  const check = (values: Record<string, string>) => ({
    quota_bytes: /^\d*([.,]\d+)?$/.test((values.quota_bytes ?? "").trim())
      ? undefined
      : text.admin.quotaBad,
  });
  const save = (values: Record<string, string>): Promise<void> => {
    const typed = (values.quota_bytes ?? "").trim().replace(",", ".");
    return onSave({
      role: values.role as Role,
      ...(typed === quota
        ? {}
        : { quota_bytes: typed === "" ? null : Math.round(Number(typed) * GB) }),
    });
  };
  return (
    <Form onSend={save} check={check}>
      {(state) => (
        <>
          <Select
            name="role"
            label={text.admin.role}
            options={text.admin.roles}
            value={person.role}
          />
          <Field
            name="quota_bytes"
            label={text.admin.quota}
            hint={text.admin.quotaHint}
            state={state}
            input={{ value: quota, spellcheck: false }}
          />
          <Submit state={state} label={text.form.save} />
        </>
      )}
    </Form>
  );
}
