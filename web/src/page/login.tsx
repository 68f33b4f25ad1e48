/** The sign-in page. It leads back to the previous page. */

import { call } from "../api/client.ts";
import { Field, Form, Submit } from "../part/form.tsx";
import { nextUrl, storeAccount } from "../session/session.ts";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

/** Messages of `?after=`. */
const MESSAGES: Record<string, string> = {
  confirmed: text.login.confirmed,
  password: text.login.newPassword,
};

async function signIn(values: Record<string, string>): Promise<void> {
  await call("POST /sessions", {
    body: {
      handle: (values.handle ?? "").trim().toLowerCase(),
      password: values.password ?? "",
    },
  });
  await storeAccount();
  location.assign(nextUrl());
}

function Login() {
  const message = MESSAGES[new URLSearchParams(location.search).get("after") ?? ""];
  return (
    <section class="sheet">
      <h1 class="page-title">{text.login.title}</h1>
      {message !== undefined && <p class="hint-line">{message}</p>}
      <Form onSend={signIn}>
        {(state) => (
          <>
            <Field
              name="handle"
              label={text.login.handle}
              state={state}
              input={{
                required: true,
                autocomplete: "username",
                autocapitalize: "none",
                spellcheck: false,
              }}
            />
            <Field
              name="password"
              label={text.login.password}
              state={state}
              type="password"
              input={{ required: true, autocomplete: "current-password" }}
            />
            <Submit state={state} label={text.login.submit} />
          </>
        )}
      </Form>
      <p class="sheet-foot">
        <a class="text-link" href="/reset">
          {text.login.forgot}
        </a>
        <span>
          {text.login.noAccount}{" "}
          <a class="text-link" href={`/signup${location.search}`}>
            {text.login.signUp}
          </a>
        </span>
      </p>
    </section>
  );
}

showPage(text.login.title, <Login />, { width: "narrow" });
