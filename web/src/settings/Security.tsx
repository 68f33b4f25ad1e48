import { call } from "../api/client.ts";
import type { Account, Session } from "../api/shape.ts";
import { usePages } from "../list/use-pages.ts";
import { Field, Form, Submit } from "../part/form.tsx";
import { Trouble } from "../part/state.tsx";
import { EmailField, NewPasswordField } from "../session/account-fields.tsx";
import { checkPassword } from "../session/password.ts";
import { setAccount } from "../session/session.ts";
import { toastProblem } from "../shell/outcome.ts";
import { toast } from "../shell/toast.ts";
import { formatAge } from "../text/format.ts";
import { text } from "../text/text.ts";
import { nameDevice } from "./device.ts";

/** E-mail address, password and login sessions of the account. */
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
    setAccount(await call("PATCH /accounts/me", { body: { email: values.email ?? "" } }));
    toast(text.settings.emailSaved);
  };
  const state =
    account.confirmed === undefined
      ? undefined
      : account.confirmed
        ? text.settings.emailConfirmed
        : text.settings.emailOpen;
  return (
    <Form onSend={save} class="form settings-part">
      {(form) => (
        <>
          <EmailField hint={state} state={form} value={account.email ?? ""} />
          <Submit state={form} label={text.form.save} />
        </>
      )}
    </Form>
  );
}

function Password() {
  const save = async (values: Record<string, string>): Promise<void> => {
    await call("POST /accounts/me/password", {
      body: { current: values.current ?? "", password: values.password ?? "" },
    });
    toast(text.settings.passwordSaved);
  };
  return (
    <Form onSend={save} check={checkPassword} class="form settings-part">
      {(state) => (
        <>
          <Field
            name="current"
            label={text.settings.passwordCurrent}
            state={state}
            type="password"
            input={{ required: true, autocomplete: "current-password" }}
          />
          <NewPasswordField
            label={text.settings.passwordNew}
            hint={text.signup.passwordHint}
            state={state}
          />
          <Submit state={state} label={text.settings.passwordSave} />
        </>
      )}
    </Form>
  );
}

function Sessions() {
  const pages = usePages("sessions", (cursor, signal) =>
    call("GET /sessions", { query: { cursor, limit: 100 }, signal }),
  );
  const end = (session: Session): void => {
    call("DELETE /sessions/{session_id}", { path: { session_id: session.id } }).then(() => {
      pages.change((items) => items.filter(({ id }) => id !== session.id));
      toast(text.settings.sessionEnded);
    }, toastProblem);
  };
  const endOthers = (): void => {
    call("DELETE /sessions").then(() => {
      pages.change((items) => items.filter(({ current }) => current));
      toast(text.settings.sessionsEnded);
    }, toastProblem);
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
              <p class="card-facts">
                {[
                  session.current
                    ? text.settings.sessionCurrent
                    : text.settings.sessionSeen(formatAge(session.last_seen_at)),
                  session.ip,
                ]
                  .filter((fact) => fact !== "")
                  .join(" · ")}
              </p>
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
