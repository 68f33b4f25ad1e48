/** What went wrong, and what can be done about it: the server's sentence, a hint by what kind it is, and what the tool said last. */

import { text } from "../text/text";

export interface Failure {
  code: string;
  message: string;
  facts?: Record<string, unknown>;
}

/** What lies behind an error: the file, the work, the store. */
export function hintFor(code: string): string {
  if (code === "pipeline.task_cancelled") return text.run.hints.cancelled;
  if (code === "storage.checksum_mismatch") return text.run.hints.damaged;
  if (["media.timeout", "media.tool_failed"].includes(code)) return text.run.hints.server;
  if (code.startsWith("media.") || code === "pipeline.poison_piece") return text.run.hints.file;
  if (code.startsWith("upload.")) return text.run.hints.upload;
  return text.run.hints.server;
}

export function ErrorStory({ error }: { error: Failure }) {
  const facts = Object.entries(error.facts ?? {}).filter(([, value]) => value !== null && value !== "");
  const said = facts.filter((fact): fact is [string, string] => typeof fact[1] === "string" && fact[1].includes("\n"));
  const short = facts.filter(([name]) => !said.some(([other]) => other === name));
  return (
    <div class="error-story">
      <p class="error-message">{error.message}</p>
      <p class="field-hint">{hintFor(error.code)}</p>
      <p class="error-code">
        {error.code}
        {short.map(([name, value]) => ` · ${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)}
      </p>
      {said.map(([name, value]) => (
        <details key={name}>
          <summary>{text.run.said}</summary>
          <pre class="log" tabIndex={0}>
            {value}
          </pre>
        </details>
      ))}
    </div>
  );
}
