/** A secret that was just made, to be copied now or never. */

import { toast } from "../shell/toast";
import { text } from "../text/text";

export function ShownOnce({ hint, secret }: { hint: string; secret: string }) {
  const copy = (): void => {
    navigator.clipboard.writeText(secret).then(
      () => toast(text.form.copied),
      () => toast(text.form.failed, "bad"),
    );
  };
  return (
    <div class="new-token" role="status">
      <p>{hint}</p>
      <div class="new-token-row">
        <code>{secret}</code>
        <button type="button" class="button button-small" onClick={copy}>
          {text.form.copy}
        </button>
      </div>
    </div>
  );
}
