/** The unsaved edits of a video's fields, while the video may also be changed elsewhere. Pure. */

import type { Visibility } from "../../api/schema.d.ts";

export const TITLE_MAX = 200;
export const DESCRIPTION_MAX = 10_000;

export interface Fields {
  title: string;
  description: string;
  tags: string[];
  visibility: Visibility;
}
export type FieldName = keyof Fields;

/** mine: the typed value. base: the saved value when typing started. */
interface Edit {
  mine: Fields[FieldName];
  base: Fields[FieldName];
}
export type Edits = Partial<Record<FieldName, Edit>>;

const NAMES = ["title", "description", "tags", "visibility"] as const;

function isEqual(a: Fields[FieldName], b: Fields[FieldName]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isChanged(edits: Edits, saved: Fields, name: FieldName): boolean {
  const edit = edits[name];
  return edit !== undefined && !isEqual(edit.mine, saved[name]);
}

/** Returns the fields that differ from the saved ones. */
export function changesOf(edits: Edits, saved: Fields): Partial<Fields> {
  const changed = NAMES.filter((name) => isChanged(edits, saved, name));
  return Object.fromEntries(changed.map((name) => [name, edits[name]?.mine]));
}

/** True if a field that is edited here was changed elsewhere since. */
export function hasConflict(edits: Edits, saved: Fields, name: FieldName): boolean {
  const base = edits[name]?.base ?? saved[name];
  return isChanged(edits, saved, name) && !isEqual(base, saved[name]);
}

/** Adds an edit. Its base stays that of an earlier edit of the same field. */
export function editField<Name extends FieldName>(
  edits: Edits,
  saved: Fields,
  name: Name,
  mine: Fields[Name],
): Edits {
  const base = isChanged(edits, saved, name) ? edits[name]?.base : undefined;
  return { ...edits, [name]: { mine, base: base ?? saved[name] } };
}

/** Discards the edits of one field, or of all fields. */
export function discardEdits(edits: Edits, name?: FieldName): Edits {
  if (name === undefined) return {};
  const { [name]: _, ...others } = edits;
  return others;
}
