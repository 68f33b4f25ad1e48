/** The fields of a video during its upload. They are saved automatically. */

import { useId } from "preact/hooks";

import type { ListedVideo } from "../../api/shape.ts";
import { Select } from "../../part/form.tsx";
import { Icon } from "../../part/Icon.tsx";
import { DESCRIPTION_MAX, type Fields, TITLE_MAX } from "../../studio/edit/draft.ts";
import { TagsField } from "../../studio/edit/TagsField.tsx";
import { text } from "../../text/text.ts";
import { type Autosave, useAutosave } from "./use-autosave.ts";

export function UploadFields({
  title,
  video,
  onSaved,
}: {
  title: string;
  video: ListedVideo | null;
  onSaved: (video: ListedVideo) => void;
}) {
  const fields = useAutosave(title, video, onSaved);
  return (
    <div class="upload-fields form" role="group" aria-label={text.studio.details}>
      <TextField name="title" label={text.studio.titleLabel} max={TITLE_MAX} fields={fields} />
      <TextField
        name="description"
        label={text.studio.descriptionLabel}
        max={DESCRIPTION_MAX}
        fields={fields}
      />
      <div class="upload-pair">
        <TagsField tags={fields.values.tags} onChange={(tags) => fields.edit("tags", tags)} />
        <Select
          name="visibility"
          label={text.playlist.visibility}
          options={{
            public: text.video.public,
            unlisted: text.video.unlisted,
            private: text.video.private,
          }}
          value={fields.values.visibility}
          onPick={(value) => fields.edit("visibility", value as Fields["visibility"])}
        />
      </div>
      <p class={`upload-saved upload-saved-${fields.saving}`} role="status">
        {fields.saving === "saved" && <Icon name="check" size={16} />}
        {fields.saving === "failed" && fields.error?.field === ""
          ? fields.error.words
          : text.upload.saving[
              video === null && fields.saving === "waiting" ? "kept" : fields.saving
            ]}
      </p>
    </div>
  );
}

function TextField({
  name,
  label,
  max,
  fields,
}: {
  name: "title" | "description";
  label: string;
  max: number;
  fields: Autosave;
}) {
  const id = useId();
  const error = fields.error?.field === name ? fields.error.words : null;
  const common = {
    id,
    name,
    class: "input",
    value: fields.values[name],
    maxLength: max,
    "aria-invalid": error !== null,
    ...(error === null ? {} : { "aria-describedby": `${id}-error` }),
    onInput: (event: { currentTarget: { value: string } }) =>
      fields.edit(name, event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {name === "title" ? <input {...common} type="text" /> : <textarea {...common} rows={3} />}
      {error !== null && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
