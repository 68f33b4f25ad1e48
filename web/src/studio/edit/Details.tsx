import { useId } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { Visibility } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { Icon } from "../../part/Icon.tsx";
import { useAction } from "../../shell/outcome.ts";
import { text } from "../../text/text.ts";
import { VISIBILITIES, VISIBILITY_ICONS } from "../visibility.ts";
import { DangerZone } from "./DangerZone.tsx";
import { DESCRIPTION_MAX, type FieldName, TITLE_MAX } from "./draft.ts";
import { Facts } from "./Facts.tsx";
import { Poster } from "./Poster.tsx";
import { Preview } from "./Preview.tsx";
import { TagsField } from "./TagsField.tsx";
import { type Draft, useDraft } from "./use-draft.ts";

interface DetailsProps {
  video: ListedVideo;
  onChange: (video: ListedVideo) => void;
  onDelete: () => void;
}

/** The details of a video that its owner edits, beside a preview. */
export function Details({ video, onChange, onDelete }: DetailsProps) {
  const draft = useDraft(video);
  return (
    <div class="details">
      <div class="details-main">
        <DetailsForm video={video} draft={draft} onSave={onChange} />
        <Poster video={video} />
        <DangerZone onDelete={onDelete} />
      </div>
      <aside class="details-side" aria-label={text.studio.preview}>
        <Preview video={video} />
        <Facts video={video} />
      </aside>
    </div>
  );
}

function DetailsForm({
  video,
  draft,
  onSave,
}: {
  video: ListedVideo;
  draft: Draft;
  onSave: (video: ListedVideo) => void;
}) {
  const [busy, act] = useAction();
  const path = { video_id: video.id };
  const save = async (): Promise<void> =>
    onSave(await call("PATCH /videos/{video_id}", { path, body: draft.changes }));
  return (
    <form
      class="form"
      aria-label={text.studio.details}
      aria-busy={busy}
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy && draft.dirty) void act(save, text.form.saved);
      }}
    >
      <TextField name="title" label={text.studio.titleLabel} draft={draft} max={TITLE_MAX} />
      <TextField
        name="description"
        label={text.studio.descriptionLabel}
        draft={draft}
        max={DESCRIPTION_MAX}
        hint={text.studio.descriptionHint}
      />
      <TagsField tags={draft.values.tags} onChange={(tags) => draft.edit("tags", tags)} />
      <ConflictNotice name="tags" draft={draft} />
      <VisibilityField
        value={draft.values.visibility}
        onPick={(visibility) => draft.edit("visibility", visibility)}
      />
      <ConflictNotice name="visibility" draft={draft} />
      <div class={draft.dirty ? "save-bar save-bar-dirty" : "save-bar"}>
        <span role="status">{draft.dirty ? text.studio.unsaved : ""}</span>
        <button
          type="button"
          class="button"
          disabled={!draft.dirty || busy}
          onClick={() => draft.discard()}
        >
          {text.studio.discard}
        </button>
        <button type="submit" class="button button-main" disabled={!draft.dirty || busy}>
          {text.form.save}
        </button>
      </div>
    </form>
  );
}

function TextField({
  name,
  label,
  draft,
  max,
  hint,
}: {
  name: "title" | "description";
  label: string;
  draft: Draft;
  max: number;
  hint?: string;
}) {
  const id = useId();
  const value = draft.values[name];
  const common = {
    id,
    name,
    class: "input",
    value,
    maxLength: max,
    "aria-describedby": `${id}-hint`,
    onInput: (event: { currentTarget: { value: string } }) =>
      draft.edit(name, event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {name === "title" ? <input {...common} type="text" /> : <textarea {...common} rows={8} />}
      <p class="field-hint field-count" id={`${id}-hint`}>
        <span>{hint}</span>
        <span>{text.studio.letters(value.length, max)}</span>
      </p>
      <ConflictNotice name={name} draft={draft} />
    </div>
  );
}

function VisibilityField({
  value,
  onPick,
}: {
  value: Visibility;
  onPick: (value: Visibility) => void;
}) {
  return (
    <fieldset class="choice-cards">
      <legend>{text.playlist.visibility}</legend>
      {VISIBILITIES.map((name) => (
        <label key={name} class="choice-card">
          <input
            type="radio"
            name="visibility"
            value={name}
            checked={name === value}
            onChange={() => onPick(name)}
          />
          <Icon name={VISIBILITY_ICONS[name]} />
          <span>
            <strong>{text.video[name]}</strong>
            <span class="field-hint">{text.studio.visibilityHints[name]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Says that another person or window saved the same field. */
function ConflictNotice({ name, draft }: { name: FieldName; draft: Draft }) {
  if (!draft.hasConflict(name)) return null;
  return (
    <p class="contested" role="alert">
      <Icon name="warn" size={18} />
      {text.studio.contested}
      <button type="button" class="link-button" onClick={() => draft.discard(name)}>
        {text.studio.takeTheirs}
      </button>
    </p>
  );
}
