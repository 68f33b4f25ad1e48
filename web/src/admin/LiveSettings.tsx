/** Settings that change while the server runs, each with what it is for, and what it was. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { SettingView } from "../api/schema";
import { useOne } from "../list/useOne";
import { Field, Form, Submit } from "../part/form";
import { Trouble } from "../part/state";
import { toast } from "../shell/toast";
import { formatBytes, formatWhole } from "../text/format";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

type Value = SettingView["value"];
type Save = (name: string, value: Value | null) => Promise<void>;
type Known = keyof typeof text.admin.settings;

export function LiveSettings() {
  const one = useOne("settings", () => call("GET /admin/settings"));
  if (one.error !== null) return <Trouble error={one.error} onRetry={one.load} />;
  if (one.value === null) return null;
  const save: Save = async (name, value) => {
    one.set(await call("PATCH /admin/settings", { body: { [name]: value } }));
    toast(text.form.saved);
  };
  return (
    <div class="settings-parts">
      {one.value.items.map((setting) => (
        <Setting key={setting.name} setting={setting} save={save} />
      ))}
    </div>
  );
}

/** What it is called and what it is for; the server's own words where we have none. */
function words(setting: SettingView): { title: string; hint: string } {
  return text.admin.settings[setting.name as Known] ?? { title: setting.name, hint: setting.description };
}

/** 0 may mean something of its own; bytes and seconds are read more easily in larger units. */
function say(name: string, value: Value): string {
  if (typeof value === "boolean") return value ? text.admin.on : text.admin.off;
  if (value === 0 && name === "account.quota_bytes") return text.admin.noLimit;
  if (name.endsWith("_bytes")) return formatBytes(Number(value));
  if (name.endsWith("_days")) return formatWhole(Number(value) * 86_400);
  return name.endsWith("_s") ? formatWhole(Number(value)) : String(value);
}

function Setting({ setting, save }: { setting: SettingView; save: Save }) {
  const { title, hint } = words(setting);
  const back = (): void => void save(setting.name, null).catch((error: unknown) => toast(sayProblem(error), "bad"));
  const facts = [text.admin.isNow(say(setting.name, setting.value)), text.admin.byDefault(say(setting.name, setting.default))];
  if (setting.changed) facts.push(text.admin.startedWith(say(setting.name, setting.started)));
  return (
    <section class="settings-part setting" aria-label={title}>
      {typeof setting.value === "boolean" ? (
        <Switch title={title} hint={hint} value={setting.value} onTurn={(value) => save(setting.name, value)} />
      ) : (
        <Amount setting={setting} title={title} hint={hint} save={save} />
      )}
      <p class="field-hint setting-facts">
        <code>{setting.name}</code>
        <span>{facts.join(" · ")}</span>
      </p>
      {setting.changed && (
        <button type="button" class="button button-small" onClick={back}>
          {text.admin.goBack}
        </button>
      )}
    </section>
  );
}

function Switch({ title, hint, value, onTurn }: { title: string; hint: string; value: boolean; onTurn: (value: boolean) => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const turn = (): void => {
    setBusy(true);
    onTurn(!value)
      .catch((error: unknown) => toast(sayProblem(error), "bad"))
      .finally(() => setBusy(false));
  };
  return (
    <div class="field">
      <label class="check">
        <input type="checkbox" role="switch" checked={value} disabled={busy} onChange={turn} />
        <strong>{title}</strong>
      </label>
      <p class="field-hint">{hint}</p>
    </div>
  );
}

function Amount({ setting, title, hint, save }: { setting: SettingView; title: string; hint: string; save: Save }) {
  const field = setting.name.split(".").at(-1) ?? setting.name;
  const check = (values: Record<string, string>) => ({ [field]: typeof setting.value === "string" || /^\d{1,16}$/.test(values[field] ?? "") ? undefined : text.admin.wholeNumber });
  const send = (values: Record<string, string>): Promise<void> => save(setting.name, typeof setting.value === "string" ? (values[field] ?? "") : Number(values[field]));
  return (
    <Form key={String(setting.value)} onSend={send} check={check}>
      {(state) => (
        <>
          <Field name={field} label={title} hint={hint} state={state} input={{ required: true, value: String(setting.value), spellcheck: false }} />
          <Submit state={state} label={text.form.save} />
        </>
      )}
    </Form>
  );
}
