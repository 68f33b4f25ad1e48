/** What a video says of itself, and who may see it. */

import { useId, useState } from "preact/hooks";

import { call } from "../api/client";
import type { Visibility } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import { Icon } from "../part/Icon";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";
import { DangerZone } from "./DangerZone";
import { Facts } from "./Facts";
import { Poster } from "./Poster";
import { Preview } from "./Preview";
import { TagsField } from "./TagsField";
import { useDraft, type Draft, type FieldName } from "./useDraft";
import { VISIBILITY_ICONS } from "./VideoRow";

const TITLE_MAX = 200;
const DESCRIPTION_MAX = 10_000;

interface DetailsProps {
  video: ListedVideo;
  onChange: (video: ListedVideo) => void;
  onDelete: () => void;
}

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

function DetailsForm({ video, draft, onSave }: { video: ListedVideo; draft: Draft; onSave: (video: ListedVideo) => void }) {
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    if (busy || !draft.dirty) return;
    setBusy(true);
    try {
      onSave(await call("PATCH /videos/{video_id}", { path: { video_id: video.id }, body: draft.changes }));
      toast(text.form.saved);
    } catch (error) {
      toast(sayProblem(error), "bad");
    }
    setBusy(false);
  };
  return (
    <form
      class="form"
      aria-label={text.studio.details}
      aria-busy={busy}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextField name="title" label={text.studio.titleLabel} draft={draft} max={TITLE_MAX} />
      <TextField name="description" label={text.studio.descriptionLabel} draft={draft} max={DESCRIPTION_MAX} hint={text.studio.descriptionHint} />
      <TagsField tags={draft.values.tags} onChange={(tags) => draft.edit("tags", tags)} />
      <Contested name="tags" draft={draft} />
      <VisibilityField value={draft.values.visibility} onPick={(visibility) => draft.edit("visibility", visibility)} />
      <Contested name="visibility" draft={draft} />
      <div class={draft.dirty ? "save-bar save-bar-dirty" : "save-bar"}>
        <span role="status">{draft.dirty ? text.studio.unsaved : ""}</span>
        <button type="button" class="button" disabled={!draft.dirty || busy} onClick={() => draft.drop()}>
          {text.studio.discard}
        </button>
        <button type="submit" class="button button-main" disabled={!draft.dirty || busy}>
          {text.form.save}
        </button>
      </div>
    </form>
  );
}

function TextField({ name, label, draft, max, hint }: { name: "title" | "description"; label: string; draft: Draft; max: number; hint?: string }) {
  const id = useId();
  const value = draft.values[name];
  const common = { id, name, class: "input", value, maxLength: max, "aria-describedby": `${id}-hint` };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {name === "title" ? (
        <input {...common} type="text" onInput={(event) => draft.edit(name, event.currentTarget.value)} />
      ) : (
        <textarea {...common} rows={8} onInput={(event) => draft.edit(name, event.currentTarget.value)} />
      )}
      <p class="field-hint field-count" id={`${id}-hint`}>
        <span>{hint}</span>
        <span>{text.studio.letters(value.length, max)}</span>
      </p>
      <Contested name={name} draft={draft} />
    </div>
  );
}

function VisibilityField({ value, onPick }: { value: Visibility; onPick: (value: Visibility) => void }) {
  return (
    <fieldset class="choice-cards">
      <legend>{text.playlist.visibility}</legend>
      {(["public", "unlisted", "private"] as const).map((name) => (
        <label key={name} class="choice-card">
          <input type="radio" name="visibility" value={name} checked={name === value} onChange={() => onPick(name)} />
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

/** Somebody else, or another window, has saved the same field. */
function Contested({ name, draft }: { name: FieldName; draft: Draft }) {
  if (!draft.isContested(name)) return null;
  return (
    <p class="contested" role="alert">
      <Icon name="warn" size={18} />
      {text.studio.contested}
      <button type="button" class="link-button" onClick={() => draft.drop(name)}>
        {text.studio.takeTheirs}
      </button>
    </p>
  );
}
