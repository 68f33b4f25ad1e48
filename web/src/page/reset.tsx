/**
 * The page for a forgotten password: requests a link by mail, and sets the new password with the
 * link's token.
 */

import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import { Form, Submit } from "../part/form.tsx";
import { Empty } from "../part/state.tsx";
import { EmailField, NewPasswordField } from "../session/account-fields.tsx";
import { checkPassword } from "../session/password.ts";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

const token = new URLSearchParams(location.search).get("token");

function AskForLink() {
  const [sent, setSent] = useState(false);
  if (sent) {
    return (
      <div role="status">
        <Empty title={text.reset.sent} hint={text.reset.sentHint} />
      </div>
    );
  }
  const send = async (values: Record<string, string>): Promise<void> => {
    await call("POST /password-resets", { body: { email: values.email ?? "" } });
    setSent(true);
  };
  return (
    <Form onSend={send}>
      {(state) => (
        <>
          <EmailField hint={text.reset.hint} state={state} />
          <Submit state={state} label={text.reset.submit} />
        </>
      )}
    </Form>
  );
}

function ChoosePassword({ token }: { token: string }) {
  const change = async (values: Record<string, string>): Promise<void> => {
    await call("POST /password-resets/confirm", {
      body: { token, password: values.password ?? "" },
    });
    location.assign("/login?after=password");
  };
  return (
    <Form onSend={change} check={checkPassword}>
      {(state) => (
        <>
          <NewPasswordField
            label={text.reset.password}
            hint={text.reset.changeHint}
            state={state}
          />
          <Submit state={state} label={text.reset.change} />
        </>
      )}
    </Form>
  );
}

function Reset() {
  return (
    <section class="sheet">
      <h1 class="page-title">{text.reset.title}</h1>
      {token === null ? <AskForLink /> : <ChoosePassword token={token} />}
    </section>
  );
}

showPage(text.reset.title, <Reset />, { width: "narrow" });
