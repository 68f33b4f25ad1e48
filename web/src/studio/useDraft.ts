/** What is typed and not saved yet, field by field, also while the same video is changed elsewhere. */

import { useEffect, useState } from "preact/hooks";

import type { Visibility } from "../api/schema";
import type { ListedVideo } from "../api/shape";

export interface Fields {
  title: string;
  description: string;
  tags: string[];
  visibility: Visibility;
}
export type FieldName = keyof Fields;

/** mine: as typed; base: what it was when that began. */
interface Edit {
  mine: Fields[FieldName];
  base: Fields[FieldName];
}

export interface Draft {
  values: Fields;
  /** What saving would send. */
  changes: Partial<Fields>;
  dirty: boolean;
  /** Whether a field that is edited here was changed elsewhere meanwhile. */
  isContested: (name: FieldName) => boolean;
  edit: <Name extends FieldName>(name: Name, value: Fields[Name]) => void;
  /** Gives up one field, or all of them. */
  drop: (name?: FieldName) => void;
}

const NAMES = ["title", "description", "tags", "visibility"] as const;

function same(one: Fields[FieldName], other: Fields[FieldName]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function useDraft(video: ListedVideo): Draft {
  const saved: Fields = { title: video.title, description: video.description, tags: video.tags, visibility: video.visibility as Visibility };
  const [edits, setEdits] = useState<Partial<Record<FieldName, Edit>>>({});
  const changed = NAMES.filter((name) => edits[name] !== undefined && !same(edits[name].mine, saved[name]));
  const pick = (names: readonly FieldName[]): Partial<Fields> => Object.fromEntries(names.map((name) => [name, edits[name]?.mine]));
  const dirty = changed.length > 0;
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [dirty]);
  return {
    values: { ...saved, ...pick(changed) },
    changes: pick(changed),
    dirty,
    isContested: (name) => changed.includes(name) && !same(edits[name]?.base ?? saved[name], saved[name]),
    edit: (name, value) => setEdits((now) => ({ ...now, [name]: { mine: value, base: changed.includes(name) ? (now[name]?.base ?? saved[name]) : saved[name] } })),
    drop: (name) => setEdits((now) => (name === undefined ? {} : { ...now, [name]: undefined })),
  };
}
