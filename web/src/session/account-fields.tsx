/** Fields that several forms about an account share. */

import { Field, type FieldProps } from "../part/form.tsx";
import { text } from "../text/text.ts";

interface EmailFieldProps extends Pick<FieldProps, "state" | "hint"> {
  /** The initial value. */
  value?: string;
}

/** The field "email". */
export function EmailField({ value = "", ...props }: EmailFieldProps) {
  const input = { required: true, value, autocomplete: "email" };
  return <Field {...props} name="email" label={text.form.email} type="email" input={input} />;
}

/** The field "password" of a form that sets a new password. */
export function NewPasswordField(props: Pick<FieldProps, "state" | "label" | "hint">) {
  const input = { required: true, autocomplete: "new-password", maxLength: 200 };
  return <Field {...props} name="password" type="password" input={input} />;
}
