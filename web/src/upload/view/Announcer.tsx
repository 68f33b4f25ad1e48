/** Tells screen readers of all uploads what matters, and no more: turns of state, and each quarter. Failures are alerts of their own. */

import { useEffect, useRef, useState } from "preact/hooks";

import { formatPercent } from "../../text/format";
import { text } from "../../text/text";
import type { Upload } from "../upload";

const TOLD = ["paused", "offline", "done", "cancelled"];

export function Announcer({ uploads }: { uploads: readonly Upload[] }) {
  const [words, setWords] = useState("");
  const told = useRef(new Map<Upload, string>());
  const news = uploads.map((upload): [Upload, string] => [upload, sayNews(upload)]);
  useEffect(() => {
    const fresh = news.filter(([upload, said]) => said !== "" && told.current.get(upload) !== said);
    fresh.forEach(([upload, said]) => told.current.set(upload, said));
    if (fresh.length > 0) setWords(fresh.map(([upload, said]) => text.upload.news(upload.file.name, said)).join(" "));
  }, [news.map(([, said]) => said).join("\n")]);
  return (
    <p class="hidden-words" role="status" aria-live="polite">
      {words}
    </p>
  );
}

function sayNews({ progress }: Upload): string {
  if (TOLD.includes(progress.state)) return text.upload.states[progress.state];
  const quarter = Math.floor((4 * progress.sentBytes) / Math.max(1, progress.totalBytes)) / 4;
  return progress.state === "sending" && quarter > 0 ? formatPercent(quarter) : "";
}
