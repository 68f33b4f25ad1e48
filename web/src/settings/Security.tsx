/** E-mail, password, and where one is signed in. */

import { call } from "../api/client";
import type { Account, Session } from "../api/shape";
import { usePages } from "../list/usePages";
import { Field, Form, Submit } from "../part/form";
import { Trouble } from "../part/state";
import { setAccount } from "../session/session";
import { toast } from "../shell/toast";
import { formatAge } from "../text/format";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";
import { nameDevice } from "./device";

const PASSWORD_MIN = 8;

export function Security({ account }: { account: Account }) {
  return (
    <div class="settings-parts">
      <div class="settings-column">
        <Email account={account} />
        <Password />
      </div>
      <Sessions />
    </div>
  );
}

function Email({ account }: { account: Account }) {
  const save = async (values: Record<string, string>): Promise<void> => {
    setAccount(await call("PATCH /accounts/me", { body: { email: values["email"] ?? "" } }));
    toast(text.settings.emailSaved);
  };
  const state = account.confirmed === undefined ? undefined : account.confirmed ? text.settings.emailConfirmed : text.settings.emailOpen;
  return (
    <Form onSend={save} class="form settings-part">
      {(form) => (
        <>
          <Field name="email" label={text.settings.email} state={form} type="email" {...(state === undefined ? {} : { hint: state })} input={{ required: true, value: account.email ?? "", autocomplete: "email" }} />
          <Submit state={form} label={text.form.save} />
        </>
      )}
    </Form>
  );
}

function Password() {
  const check = (values: Record<string, string>) => ({ password: (values["password"] ?? "").length >= PASSWORD_MIN ? undefined : text.signup.passwordBad });
  const save = async (values: Record<string, string>): Promise<void> => {
    await call("POST /accounts/me/password", { body: { current: values["current"] ?? "", password: values["password"] ?? "" } });
    toast(text.settings.passwordSaved);
  };
  return (
    <Form onSend={save} check={check} class="form settings-part">
      {(state) => (
        <>
          <Field name="current" label={text.settings.passwordCurrent} state={state} type="password" input={{ required: true, autocomplete: "current-password" }} />
          <Field name="password" label={text.settings.passwordNew} hint={text.signup.passwordHint} state={state} type="password" input={{ required: true, autocomplete: "new-password", maxLength: 200 }} />
          <Submit state={state} label={text.settings.passwordSave} />
        </>
      )}
    </Form>
  );
}

function Sessions() {
  const pages = usePages("sessions", (cursor, signal) => call("GET /sessions", { query: { cursor, limit: 100 }, signal }));
  const end = (session: Session): void => {
    call("DELETE /sessions/{session_id}", { path: { session_id: session.id } }).then(
      () => {
        pages.change((items) => items.filter((one) => one.id !== session.id));
        toast(text.settings.sessionEnded);
      },
      (error: unknown) => toast(sayProblem(error), "bad"),
    );
  };
  const endOthers = (): void => {
    call("DELETE /sessions").then(
      () => {
        pages.change((items) => items.filter((one) => one.current));
        toast(text.settings.sessionsEnded);
      },
      (error: unknown) => toast(sayProblem(error), "bad"),
    );
  };
  return (
    <section class="settings-part" aria-labelledby="sessions">
      <h2 class="part-title" id="sessions">
        {text.settings.sessions}
      </h2>
      {pages.error !== null && <Trouble error={pages.error} onRetry={pages.load} />}
      <ul class="facts-list" aria-busy={pages.busy}>
        {pages.items.map((session) => (
          <li key={session.id}>
            <div>
              <strong>{nameDevice(session.user_agent)}</strong>
              <p class="card-facts">{[session.current ? text.settings.sessionCurrent : text.settings.sessionSeen(formatAge(session.last_seen_at)), session.ip].join(" · ")}</p>
            </div>
            {!session.current && (
              <button type="button" class="button button-small" onClick={() => end(session)}>
                {text.settings.sessionEnd}
              </button>
            )}
          </li>
        ))}
      </ul>
      {pages.items.length > 1 && (
        <button type="button" class="button button-small" onClick={endOthers}>
          {text.settings.sessionsEnd}
        </button>
      )}
    </section>
  );
}
