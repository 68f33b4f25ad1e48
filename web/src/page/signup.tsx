/** The sign-up page. A new account is signed in immediately. */

import { call } from "../api/client.ts";
import { Field, Form, Submit } from "../part/form.tsx";
import { EmailField, NewPasswordField } from "../session/account-fields.tsx";
import { checkPassword } from "../session/password.ts";
import { nextUrl, storeAccount } from "../session/session.ts";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

const HANDLE = /^[a-z0-9][a-z0-9_.-]{1,39}$/;
const EMAIL = /^[^@\s]{1,64}@[^@\s]{1,190}$/;

function check(values: Record<string, string>): Record<string, string | undefined> {
  return {
    handle: HANDLE.test(values.handle ?? "") ? undefined : text.signup.handleBad,
    email: EMAIL.test(values.email ?? "") ? undefined : text.signup.emailBad,
    ...checkPassword(values),
  };
}

async function signUp(values: Record<string, string>): Promise<void> {
  const { handle = "", email = "", password = "", display_name = "" } = values;
  await call("POST /accounts", {
    body: {
      handle,
      email,
      password,
      ...(display_name.trim() === "" ? {} : { display_name: display_name.trim() }),
    },
  });
  await call("POST /sessions", { body: { handle, password } });
  await storeAccount();
  location.assign(nextUrl());
}

function SignUp() {
  return (
    <section class="sheet">
      <h1 class="page-title">{text.signup.title}</h1>
      <Form onSend={signUp} check={check}>
        {(state) => (
          <>
            <Field
              name="handle"
              label={text.signup.handle}
              hint={text.signup.handleHint}
              state={state}
              input={{
                required: true,
                autocomplete: "username",
                autocapitalize: "none",
                spellcheck: false,
                maxLength: 40,
              }}
            />
            <Field
              name="display_name"
              label={`${text.signup.displayName} (${text.form.optional})`}
              hint={text.signup.displayNameHint}
              state={state}
              input={{ autocomplete: "name", maxLength: 80 }}
            />
            <EmailField state={state} />
            <NewPasswordField
              label={text.signup.password}
              hint={text.signup.passwordHint}
              state={state}
            />
            <Submit state={state} label={text.signup.submit} />
          </>
        )}
      </Form>
      <p class="sheet-foot">
        <span>
          {text.signup.haveAccount}{" "}
          <a class="text-link" href={`/login${location.search}`}>
            {text.shell.signIn}
          </a>
        </span>
      </p>
    </section>
  );
}

showPage(text.signup.title, <SignUp />, { width: "narrow" });
