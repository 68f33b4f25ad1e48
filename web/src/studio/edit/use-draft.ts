import { useState } from "preact/hooks";

import type { Visibility } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { useUnloadGuard } from "../../part/use-unload-guard.ts";
import {
  changesOf,
  discardEdits,
  type Edits,
  editField,
  type FieldName,
  type Fields,
  hasConflict,
} from "./draft.ts";

export interface Draft {
  values: Fields;
  /** The fields that saving sends. */
  changes: Partial<Fields>;
  dirty: boolean;
  hasConflict: (name: FieldName) => boolean;
  edit: <Name extends FieldName>(name: Name, value: Fields[Name]) => void;
  /** Discards the edits of one field, or of all fields. */
  discard: (name?: FieldName) => void;
}

/** Keeps the unsaved edits of a video's fields. */
export function useDraft(video: ListedVideo): Draft {
  const { title, description, tags } = video;
  const saved: Fields = { title, description, tags, visibility: video.visibility as Visibility };
  const [edits, setEdits] = useState<Edits>({});
  const changes = changesOf(edits, saved);
  const dirty = Object.keys(changes).length > 0;
  useUnloadGuard(dirty);
  return {
    values: { ...saved, ...changes },
    changes,
    dirty,
    hasConflict: (name) => hasConflict(edits, saved, name),
    edit: (name, value) => setEdits((now) => editField(now, saved, name, value)),
    discard: (name) => setEdits((now) => discardEdits(now, name)),
  };
}
