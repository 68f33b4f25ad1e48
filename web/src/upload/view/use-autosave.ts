/**
 * Saves the fields of a video automatically during its upload: shortly after the last key press,
 * once the video exists.
 */

import { useEffect, useRef, useState } from "preact/hooks";

import { call, Problem } from "../../api/client.ts";
import type { ListedVideo } from "../../api/shape.ts";
import type { Fields } from "../../studio/edit/draft.ts";
import { describeProblem } from "../../text/problem.ts";

const SETTLE_MS = 800;
const RETRY_MS = 5000;

export type Saving = "clean" | "waiting" | "saving" | "saved" | "failed";

export interface Autosave {
  values: Fields;
  saving: Saving;
  /** The last error and its field; "" stands for the whole form. */
  error: { field: string; words: string } | null;
  edit: <Name extends keyof Fields>(name: Name, value: Fields[Name]) => void;
}

/** Forms with edits that are not saved. */
const unsaved = new Set<object>();

export function hasUnsaved(): boolean {
  return unsaved.size > 0;
}

export function useAutosave(
  title: string,
  video: ListedVideo | null,
  onSaved: (video: ListedVideo) => void,
): Autosave {
  const [edits, setEdits] = useState<Partial<Fields>>({});
  const [saving, setSaving] = useState<Saving>("clean");
  const [error, setError] = useState<Autosave["error"]>(null);
  const [turn, setTurn] = useState(0);
  const latest = useRef(edits);
  latest.current = edits;
  const id = video?.id ?? null;
  useEffect(() => {
    if (Object.keys(edits).length > 0) unsaved.add(latest);
    else unsaved.delete(latest);
    return () => void unsaved.delete(latest);
  }, [edits]);
  useEffect(() => {
    if (id === null || Object.keys(edits).length === 0) return;
    const timer = window.setTimeout(() => void save(id), SETTLE_MS);
    return () => window.clearTimeout(timer);
  }, [id, edits, turn]);

  const save = async (videoId: string): Promise<void> => {
    const sent = latest.current;
    setSaving("saving");
    try {
      const saved = await call("PATCH /videos/{video_id}", {
        path: { video_id: videoId },
        body: sent,
      });
      onSaved(saved);
      setError(null);
      setSaving(latest.current === sent ? "saved" : "waiting");
      setEdits((now) =>
        Object.fromEntries(
          Object.entries(now).filter(([name, value]) => sent[name as keyof Fields] !== value),
        ),
      );
    } catch (problem) {
      setSaving("failed");
      setError({
        field: (problem instanceof Problem && problem.field) || "",
        words: describeProblem(problem),
      });
      if (problem instanceof Problem && (problem.status === 0 || problem.status >= 500))
        window.setTimeout(() => setTurn((now) => now + 1), RETRY_MS);
    }
  };
  const savedFields: Fields = {
    title: video?.title ?? title,
    description: video?.description ?? "",
    tags: video?.tags ?? [],
    visibility: (video?.visibility ?? "private") as Fields["visibility"],
  };
  return {
    values: { ...savedFields, ...edits },
    saving,
    error,
    edit: (name, value) => {
      setEdits((now) => ({ ...now, [name]: value }));
      setSaving("waiting");
    },
  };
}
