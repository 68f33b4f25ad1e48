import { text } from "../../text/text.ts";
import { hintFor } from "./error-hint.ts";

export interface Failure {
  code: string;
  message: string;
  facts?: Record<string, unknown>;
}

/** An error with advice, its facts and the last output of the tool. */
export function ErrorStory({ error }: { error: Failure }) {
  const facts = Object.entries(error.facts ?? {}).filter(
    ([, value]) => value !== null && value !== "",
  );
  const outputs = facts.filter(
    (fact): fact is [string, string] => typeof fact[1] === "string" && fact[1].includes("\n"),
  );
  const short = facts.filter(([name]) => !outputs.some(([other]) => other === name));
  return (
    <div class="error-story">
      <p class="error-message">{error.message}</p>
      <p class="field-hint">{hintFor(error.code)}</p>
      <p class="error-code">
        {error.code}
        {short.map(
          ([name, value]) =>
            ` · ${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
        )}
      </p>
      {outputs.map(([name, value]) => (
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
