/** What is typed about a video while its file is on its way: kept until there is a video, then saved by itself a moment after the last key. */

import { useEffect, useRef, useState } from "preact/hooks";

import { call, Problem } from "../../api/client";
import type { ListedVideo } from "../../api/shape";
import type { Fields } from "../../studio/useDraft";
import { sayProblem } from "../../text/problem";

const SETTLE_MS = 800;
const AGAIN_MS = 5000;

export type Saving = "clean" | "waiting" | "saving" | "saved" | "failed";

export interface Autosave {
  values: Fields;
  saving: Saving;
  /** What the server said, and of which field ("" is all of them). */
  error: { field: string; words: string } | null;
  edit: <Name extends keyof Fields>(name: Name, value: Fields[Name]) => void;
}

/** Forms with edits that the server does not have yet. */
const unsaved = new Set<object>();

export function hasUnsaved(): boolean {
  return unsaved.size > 0;
}

export function useAutosave(title: string, video: ListedVideo | null, onSaved: (video: ListedVideo) => void): Autosave {
  const [edits, setEdits] = useState<Partial<Fields>>({});
  const [saving, setSaving] = useState<Saving>("clean");
  const [error, setError] = useState<Autosave["error"]>(null);
  const [turn, setTurn] = useState(0);
  const newest = useRef(edits);
  newest.current = edits;
  const id = video?.id ?? null;
  useEffect(() => {
    if (Object.keys(edits).length > 0) unsaved.add(newest);
    else unsaved.delete(newest);
    return () => void unsaved.delete(newest);
  }, [edits]);
  useEffect(() => {
    if (id === null || Object.keys(edits).length === 0) return;
    const timer = window.setTimeout(() => void save(id), SETTLE_MS);
    return () => window.clearTimeout(timer);
  }, [id, edits, turn]);

  const save = async (videoId: string): Promise<void> => {
    const sent = newest.current;
    setSaving("saving");
    try {
      const saved = await call("PATCH /videos/{video_id}", { path: { video_id: videoId }, body: sent });
      onSaved(saved);
      setError(null);
      setSaving(newest.current === sent ? "saved" : "waiting");
      setEdits((now) => Object.fromEntries(Object.entries(now).filter(([name, value]) => sent[name as keyof Fields] !== value)));
    } catch (problem) {
      setSaving("failed");
      setError({ field: (problem instanceof Problem && problem.field) || "", words: sayProblem(problem) });
      // Nobody has to type again what a lost line has kept from the server.
      if (problem instanceof Problem && (problem.status === 0 || problem.status >= 500)) window.setTimeout(() => setTurn((now) => now + 1), AGAIN_MS);
    }
  };
  const known: Fields = { title: video?.title ?? title, description: video?.description ?? "", tags: video?.tags ?? [], visibility: (video?.visibility ?? "private") as Fields["visibility"] };
  return {
    values: { ...known, ...edits },
    saving,
    error,
    edit: (name, value) => {
      setEdits((now) => ({ ...now, [name]: value }));
      setSaving("waiting");
    },
  };
}
