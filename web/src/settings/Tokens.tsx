/** Tokens for programs: made, shown once, deleted. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { TokenView } from "../api/schema";
import { usePages } from "../list/usePages";
import { Field, Form, Select, Submit } from "../part/form";
import { Trouble } from "../part/state";
import { toast } from "../shell/toast";
import { formatDay } from "../text/format";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";
import { ShownOnce } from "./ShownOnce";

const DAY_MS = 86_400_000;

function expiry(days: string): string | null {
  return days === "" ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
}

export function Tokens() {
  const pages = usePages("tokens", (cursor, signal) => call("GET /tokens", { query: { cursor, limit: 100 }, signal }));
  const [made, setMade] = useState<string | null>(null);
  const make = async (values: Record<string, string>): Promise<void> => {
    const { token, ...known } = await call("POST /tokens", { body: { name: values["name"] ?? "", expires_at: expiry(values["days"] ?? "") } });
    setMade(token);
    pages.change((items) => [known, ...items]);
  };
  const drop = (token: TokenView): void => {
    call("DELETE /tokens/{token_id}", { path: { token_id: token.id } }).then(
      () => {
        pages.change((items) => items.filter((one) => one.id !== token.id));
        toast(text.settings.tokenDeleted);
      },
      (error: unknown) => toast(sayProblem(error), "bad"),
    );
  };
  return (
    <div class="settings-parts">
      <div class="settings-part">
        <p class="field-hint">{text.settings.tokensHint}</p>
        <Form onSend={make} class="form">
          {(state) => (
            <>
              <Field name="name" label={text.settings.tokenName} state={state} input={{ required: true, maxLength: 80 }} />
              <Select name="days" label={text.settings.tokenExpiry} options={text.settings.tokenExpiries} value="90" />
              <Submit state={state} label={text.settings.tokenMake} />
            </>
          )}
        </Form>
        {made !== null && <ShownOnce hint={text.settings.tokenMade} secret={made} />}
      </div>
      <div class="settings-part">
        {pages.error !== null && <Trouble error={pages.error} onRetry={pages.load} />}
        {pages.answer !== null && pages.items.length === 0 && <p class="field-hint">{text.settings.tokenNone}</p>}
        <ul class="facts-list" aria-busy={pages.busy}>
          {pages.items.map((token) => (
            <li key={token.id}>
              <div>
                <strong>{token.name}</strong>
                <p class="card-facts">
                  {[text.settings.tokenSince(formatDay(token.created_at)), token.expires_at === null ? text.settings.tokenAlways : text.settings.tokenUntil(formatDay(token.expires_at))].join(" · ")}
                </p>
              </div>
              <button type="button" class="button button-small" onClick={() => drop(token)}>
                {text.settings.tokenDelete}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
