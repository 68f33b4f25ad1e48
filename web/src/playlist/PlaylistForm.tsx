import type { Playlist } from "../api/shape.ts";
import { Field, Form, Select, Submit } from "../part/form.tsx";
import { text } from "../text/text.ts";

type Values = Pick<Playlist, "title" | "description" | "visibility">;

const VISIBILITIES = {
  private: text.video.private,
  unlisted: text.video.unlisted,
  public: text.video.public,
};

/** The form for title, description and visibility of a playlist. */
export function PlaylistForm({
  playlist,
  onSave,
}: {
  playlist?: Playlist;
  onSave: (values: Values) => Promise<void>;
}) {
  const visibility = playlist?.visibility ?? "private";
  const save = (values: Record<string, string>): Promise<void> =>
    onSave({
      title: values.title ?? "",
      description: values.description ?? "",
      visibility: (values.visibility ?? visibility) as Values["visibility"],
    });
  return (
    <Form onSend={save}>
      {(state) => (
        <>
          <Field
            name="title"
            label={text.playlist.name}
            state={state}
            input={{ required: true, maxLength: 200, value: playlist?.title ?? "" }}
          />
          <Field
            name="description"
            label={text.playlist.description}
            state={state}
            type="area"
            input={{ maxLength: 5000, value: playlist?.description ?? "" }}
          />
          <Select
            name="visibility"
            label={text.playlist.visibility}
            options={VISIBILITIES}
            value={visibility}
          />
          <Submit state={state} label={text.form.save} />
        </>
      )}
    </Form>
  );
}
