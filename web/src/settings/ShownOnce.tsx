import { copyWithToast } from "../shell/outcome.ts";
import { text } from "../text/text.ts";

/** A new secret, which is shown only once, with a button that copies it. */
export function ShownOnce({ hint, secret }: { hint: string; secret: string }) {
  return (
    <div class="new-token" role="status">
      <p>{hint}</p>
      <div class="new-token-row">
        <code>{secret}</code>
        <button
          type="button"
          class="button button-small"
          onClick={() => copyWithToast(secret, text.form.copied)}
        >
          {text.form.copy}
        </button>
      </div>
    </div>
  );
}
