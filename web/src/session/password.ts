import { text } from "../text/text.ts";

const PASSWORD_MIN_LENGTH = 8;

/** Checks the field "password" of a form that sets a new password. */
export function checkPassword(values: Record<string, string>): { password: string | undefined } {
  return {
    password:
      (values.password ?? "").length >= PASSWORD_MIN_LENGTH ? undefined : text.signup.passwordBad,
  };
}
