/**
 * Announces changes of state, and each quarter that was sent, to screen readers. Failures have
 * alerts of their own.
 */

import { useEffect, useRef, useState } from "preact/hooks";

import { formatPercent } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import type { Upload } from "../send/upload.ts";

const ANNOUNCED = ["paused", "offline", "done", "cancelled"];

export function Announcer({ uploads }: { uploads: readonly Upload[] }) {
  const [words, setWords] = useState("");
  const announced = useRef(new Map<Upload, string>());
  const news = uploads.map((upload): [Upload, string] => [upload, describeNews(upload)]);
  useEffect(() => {
    const changed = news.filter(
      ([upload, state]) => state !== "" && announced.current.get(upload) !== state,
    );
    for (const [upload, state] of changed) announced.current.set(upload, state);
    if (changed.length > 0)
      setWords(
        changed.map(([upload, state]) => text.upload.news(upload.file.name, state)).join(" "),
      );
  }, [news.map(([, state]) => state).join("\n")]);
  return (
    <p class="hidden-words" role="status" aria-live="polite">
      {words}
    </p>
  );
}

function describeNews({ progress }: Upload): string {
  if (ANNOUNCED.includes(progress.state)) return text.upload.states[progress.state];
  const quarter = Math.floor((4 * progress.sentBytes) / Math.max(1, progress.totalBytes)) / 4;
  return progress.state === "sending" && quarter > 0 ? formatPercent(quarter) : "";
}
