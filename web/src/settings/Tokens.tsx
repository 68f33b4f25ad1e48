import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { TokenView } from "../api/schema.d.ts";
import { usePages } from "../list/use-pages.ts";
import { Field, Form, Select, Submit } from "../part/form.tsx";
import { Trouble } from "../part/state.tsx";
import { toastProblem } from "../shell/outcome.ts";
import { toast } from "../shell/toast.ts";
import { formatDay } from "../text/format.ts";
import { text } from "../text/text.ts";
import { ShownOnce } from "./ShownOnce.tsx";

const DAY_MS = 86_400_000;

/** days: "" for a token without expiry. */
function expiryOf(days: string): string | null {
  return days === "" ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
}

/** Lists API tokens, and creates and deletes them. */
export function Tokens() {
  const pages = usePages("tokens", (cursor, signal) =>
    call("GET /tokens", { query: { cursor, limit: 100 }, signal }),
  );
  const [secret, setSecret] = useState<string | null>(null);
  const create = async (values: Record<string, string>): Promise<void> => {
    const { token, ...listed } = await call("POST /tokens", {
      body: { name: values.name ?? "", expires_at: expiryOf(values.days ?? "") },
    });
    setSecret(token);
    pages.change((items) => [listed, ...items]);
  };
  const remove = (token: TokenView): void => {
    call("DELETE /tokens/{token_id}", { path: { token_id: token.id } }).then(() => {
      pages.change((items) => items.filter(({ id }) => id !== token.id));
      toast(text.settings.tokenDeleted);
    }, toastProblem);
  };
  return (
    <div class="settings-parts">
      <div class="settings-part">
        <p class="field-hint">{text.settings.tokensHint}</p>
        <Form onSend={create} class="form">
          {(state) => (
            <>
              <Field
                name="name"
                label={text.settings.tokenName}
                state={state}
                input={{ required: true, maxLength: 80 }}
              />
              <Select
                name="days"
                label={text.settings.tokenExpiry}
                options={text.settings.tokenExpiries}
                value="90"
              />
              <Submit state={state} label={text.settings.tokenMake} />
            </>
          )}
        </Form>
        {secret !== null && <ShownOnce hint={text.settings.tokenMade} secret={secret} />}
      </div>
      <div class="settings-part">
        {pages.error !== null && <Trouble error={pages.error} onRetry={pages.load} />}
        {pages.answer !== null && pages.items.length === 0 && (
          <p class="field-hint">{text.settings.tokenNone}</p>
        )}
        <ul class="facts-list" aria-busy={pages.busy}>
          {pages.items.map((token) => (
            <li key={token.id}>
              <div>
                <strong>{token.name}</strong>
                <p class="card-facts">
                  {[
                    text.settings.tokenSince(formatDay(token.created_at)),
                    token.expires_at === null
                      ? text.settings.tokenAlways
                      : text.settings.tokenUntil(formatDay(token.expires_at)),
                  ].join(" · ")}
                </p>
              </div>
              <button type="button" class="button button-small" onClick={() => remove(token)}>
                {text.settings.tokenDelete}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
