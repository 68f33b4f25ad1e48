import { useId, useState } from "preact/hooks";

import type { AudioTrackView } from "../../api/schema.d.ts";
import { text } from "../../text/text.ts";
import { LanguageField } from "../caption/LanguageField.tsx";
import { isLanguage } from "../caption/language-tag.ts";

type Role = AudioTrackView["role"];
const ROLES: readonly Role[] = ["main", "dub", "description", "commentary"];

/** How viewers see an audio track. language: "" if unknown. */
export interface TrackNames {
  language: string;
  label: string;
  role: Role;
}

interface AudioTrackFormProps {
  first: TrackNames;
  action: string;
  onSend: (values: TrackNames) => Promise<void>;
  onCancel: () => void;
}

/** The form for language, name and role of an audio track. */
export function AudioTrackForm({ first, action, onSend, onCancel }: AudioTrackFormProps) {
  const id = useId();
  const [values, setValues] = useState(first);
  const [busy, setBusy] = useState(false);
  const isBad = values.language !== "" && !isLanguage(values.language);
  const send = async (): Promise<void> => {
    if (busy || isBad) return;
    setBusy(true);
    await onSend({ ...values, label: values.label.trim() });
    setBusy(false);
  };
  return (
    <form
      class="form audio-form"
      aria-busy={busy}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <LanguageField
        value={values.language}
        isBad={isBad}
        onChange={(language) => setValues({ ...values, language })}
      />
      <div class="field">
        <label for={`${id}-label`}>{text.captions.label}</label>
        <input
          id={`${id}-label`}
          class="input"
          value={values.label}
          maxLength={80}
          onInput={(event) => setValues({ ...values, label: event.currentTarget.value })}
        />
      </div>
      <div class="field">
        <label for={`${id}-role`}>{text.audio.role}</label>
        <select
          id={`${id}-role`}
          class="input"
          value={values.role}
          onChange={(event) => setValues({ ...values, role: event.currentTarget.value as Role })}
        >
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {text.audio.roles[role]}
            </option>
          ))}
        </select>
      </div>
      <div class="actions">
        <button type="button" class="button" onClick={onCancel}>
          {text.studio.discard}
        </button>
        <button type="submit" class="button button-main" disabled={busy || isBad}>
          {action}
        </button>
      </div>
    </form>
  );
}
