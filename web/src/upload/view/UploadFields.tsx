/** What is said of a video while its file is on its way; it saves itself. */

import { useId } from "preact/hooks";

import type { ListedVideo } from "../../api/shape";
import { Icon } from "../../part/Icon";
import { Select } from "../../part/form";
import { TagsField } from "../../studio/TagsField";
import type { Fields } from "../../studio/useDraft";
import { text } from "../../text/text";
import { useAutosave, type Autosave } from "./useAutosave";

const TITLE_MAX = 200;
const DESCRIPTION_MAX = 10_000;

export function UploadFields({ title, video, onSaved }: { title: string; video: ListedVideo | null; onSaved: (video: ListedVideo) => void }) {
  const kept = useAutosave(title, video, onSaved);
  return (
    <div class="upload-fields form" role="group" aria-label={text.studio.details}>
      <Words name="title" label={text.studio.titleLabel} max={TITLE_MAX} kept={kept} />
      <Words name="description" label={text.studio.descriptionLabel} max={DESCRIPTION_MAX} kept={kept} />
      <div class="upload-pair">
        <TagsField tags={kept.values.tags} onChange={(tags) => kept.edit("tags", tags)} />
        <Select
          name="visibility"
          label={text.playlist.visibility}
          options={{ public: text.video.public, unlisted: text.video.unlisted, private: text.video.private }}
          value={kept.values.visibility}
          onPick={(value) => kept.edit("visibility", value as Fields["visibility"])}
        />
      </div>
      <p class={`upload-saved upload-saved-${kept.saving}`} role="status">
        {kept.saving === "saved" && <Icon name="check" size={16} />}
        {kept.saving === "failed" && kept.error?.field === "" ? kept.error.words : text.upload.saving[video === null && kept.saving === "waiting" ? "kept" : kept.saving]}
      </p>
    </div>
  );
}

function Words({ name, label, max, kept }: { name: "title" | "description"; label: string; max: number; kept: Autosave }) {
  const id = useId();
  const error = kept.error?.field === name ? kept.error.words : null;
  const common = { id, name, class: "input", value: kept.values[name], maxLength: max, "aria-invalid": error !== null, ...(error === null ? {} : { "aria-describedby": `${id}-error` }) };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {name === "title" ? (
        <input {...common} type="text" onInput={(event) => kept.edit(name, event.currentTarget.value)} />
      ) : (
        <textarea {...common} rows={3} onInput={(event) => kept.edit(name, event.currentTarget.value)} />
      )}
      {error !== null && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
