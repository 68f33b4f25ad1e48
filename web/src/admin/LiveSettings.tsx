import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { SettingView } from "../api/schema.d.ts";
import { useResource } from "../list/use-resource.ts";
import { Field, Form, Submit } from "../part/form.tsx";
import { Trouble } from "../part/state.tsx";
import { toastProblem } from "../shell/outcome.ts";
import { toast } from "../shell/toast.ts";
import { text } from "../text/text.ts";
import { formatValue } from "./setting-value.ts";

type Value = SettingView["value"];
type Save = (name: string, value: Value | null) => Promise<void>;
type Known = keyof typeof text.admin.settings;

/** Settings that can be changed while the server runs. */
export function LiveSettings() {
  const settings = useResource("settings", () => call("GET /admin/settings"));
  if (settings.error !== null) return <Trouble error={settings.error} onRetry={settings.load} />;
  if (settings.value === null) return null;
  const save: Save = async (name, value) => {
    settings.set(await call("PATCH /admin/settings", { body: { [name]: value } }));
    toast(text.form.saved);
  };
  return (
    <div class="settings-parts">
      {settings.value.items.map((setting) => (
        <Setting key={setting.name} setting={setting} save={save} />
      ))}
    </div>
  );
}

/**
 * Returns title and description of a setting. Settings that the page does not know have the
 * server's words.
 */
function wordsOf(setting: SettingView): { title: string; hint: string } {
  return (
    text.admin.settings[setting.name as Known] ?? { title: setting.name, hint: setting.description }
  );
}

function Setting({ setting, save }: { setting: SettingView; save: Save }) {
  const { title, hint } = wordsOf(setting);
  const reset = (): void => void save(setting.name, null).catch(toastProblem);
  const facts = [
    text.admin.isNow(formatValue(setting.name, setting.value)),
    text.admin.byDefault(formatValue(setting.name, setting.default)),
  ];
  if (setting.changed)
    facts.push(text.admin.startedWith(formatValue(setting.name, setting.started)));
  return (
    <section class="settings-part setting" aria-label={title}>
      {typeof setting.value === "boolean" ? (
        <Switch
          title={title}
          hint={hint}
          value={setting.value}
          onTurn={(value) => save(setting.name, value)}
        />
      ) : (
        <Amount setting={setting} title={title} hint={hint} save={save} />
      )}
      <p class="field-hint setting-facts">
        <code>{setting.name}</code>
        <span>{facts.join(" · ")}</span>
      </p>
      {setting.changed && (
        <button type="button" class="button button-small" onClick={reset}>
          {text.admin.goBack}
        </button>
      )}
    </section>
  );
}

function Switch({
  title,
  hint,
  value,
  onTurn,
}: {
  title: string;
  hint: string;
  value: boolean;
  onTurn: (value: boolean) => Promise<void>;
}) {
  const [busy, setBusy] = useState(false);
  const toggle = (): void => {
    setBusy(true);
    onTurn(!value)
      .catch(toastProblem)
      .finally(() => setBusy(false));
  };
  return (
    <div class="field">
      <label class="check">
        {/* biome-ignore lint/a11y/useAriaPropsForRole: a native checkbox has its checked state. */}
        <input type="checkbox" role="switch" checked={value} disabled={busy} onChange={toggle} />
        <strong>{title}</strong>
      </label>
      <p class="field-hint">{hint}</p>
    </div>
  );
}

function Amount({
  setting,
  title,
  hint,
  save,
}: {
  setting: SettingView;
  title: string;
  hint: string;
  save: Save;
}) {
  const field = setting.name.split(".").at(-1) ?? setting.name;
  const check = (values: Record<string, string>) => ({
    [field]:
      typeof setting.value === "string" || /^\d{1,16}$/.test(values[field] ?? "")
        ? undefined
        : text.admin.wholeNumber,
  });
  const send = (values: Record<string, string>): Promise<void> =>
    save(
      setting.name,
      typeof setting.value === "string" ? (values[field] ?? "") : Number(values[field]),
    );
  return (
    <Form key={String(setting.value)} onSend={send} check={check}>
      {(state) => (
        <>
          <Field
            name={field}
            label={title}
            hint={hint}
            state={state}
            input={{ required: true, value: String(setting.value), spellcheck: false }}
          />
          <Submit state={state} label={text.form.save} />
        </>
      )}
    </Form>
  );
}
