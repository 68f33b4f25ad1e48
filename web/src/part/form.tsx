/**
 * Forms: fields with labels, hints and errors, and a submit button that is disabled while the form
 * is sent.
 */

import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { useId, useRef, useState } from "preact/hooks";

import { Problem } from "../api/client.ts";
import { describeProblem } from "../text/problem.ts";
import { text } from "../text/text.ts";

export interface FormState {
  busy: boolean;
  /** By field name; "" stands for the whole form. */
  errors: Record<string, string>;
}

interface FormProps {
  /**
   * Called with the values by field name. If it fails, the problem is shown at the field it names,
   * or above the submit button.
   */
  onSend: (values: Record<string, string>) => Promise<void>;
  /** Returns errors by field name before the form is sent. */
  check?: (values: Record<string, string>) => Record<string, string | undefined>;
  children: (state: FormState) => ComponentChildren;
  class?: string;
}

export function Form({ onSend, check, children, class: className = "form" }: FormProps) {
  const [state, setState] = useState<FormState>({ busy: false, errors: {} });
  const form = useRef<HTMLFormElement>(null);
  const fail = (errors: Record<string, string>): void => {
    setState({ busy: false, errors });
    const first = Object.keys(errors).find((name) => name !== "");
    requestAnimationFrame(() =>
      (form.current?.elements.namedItem(first ?? "") as HTMLElement | null)?.focus(),
    );
  };
  const send = async (): Promise<void> => {
    if (state.busy || form.current === null) return;
    const values = Object.fromEntries(
      [...new FormData(form.current)].map(([name, value]) => [name, String(value)]),
    );
    const errors = { ...findEmpty(form.current), ...dropUndefined(check?.(values) ?? {}) };
    if (Object.keys(errors).length > 0) return fail(errors);
    setState({ busy: true, errors: {} });
    try {
      await onSend(values);
      setState({ busy: false, errors: {} });
    } catch (error) {
      const field = error instanceof Problem ? error.field : null;
      fail({ [field !== null && field in values ? field : ""]: describeProblem(error) });
    }
  };
  return (
    <form
      class={className}
      ref={form}
      noValidate
      aria-busy={state.busy}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {children(state)}
    </form>
  );
}

function findEmpty(form: HTMLFormElement): Record<string, string> {
  const isEmpty = (element: Element): element is HTMLInputElement =>
    "required" in element &&
    element.required === true &&
    "value" in element &&
    element.value === "";
  return Object.fromEntries(
    [...form.elements].filter(isEmpty).map(({ name }) => [name, text.form.required]),
  );
}

function dropUndefined(errors: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(errors).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Properties that `<input>` and `<textarea>` share. */
interface InputProps {
  required?: boolean;
  /** The initial value. Typed text stays when the page is drawn again. */
  value?: string;
  minLength?: number;
  maxLength?: number;
  autocomplete?: string;
  autocapitalize?: "none";
  spellcheck?: boolean;
  placeholder?: string;
}

export interface FieldProps {
  name: string;
  label: string;
  state: FormState;
  hint?: string | undefined;
  type?: "text" | "email" | "password" | "url" | "area";
  input?: InputProps;
}

function describe(ids: string): { "aria-describedby"?: string } {
  return ids === "" ? {} : { "aria-describedby": ids };
}

export function Field({ name, label, state, hint, type = "text", input = {} }: FieldProps) {
  const [shown, setShown] = useState(false);
  const id = useId();
  const error = state.errors[name];
  const { value, ...rest } = input;
  const common = {
    ...rest,
    ...(value === undefined ? {} : { defaultValue: value }),
    id,
    name,
    class: "input",
    "aria-invalid": error !== undefined,
    ...describe(
      [hint === undefined ? "" : `${id}-hint`, error === undefined ? "" : `${id}-error`]
        .join(" ")
        .trim(),
    ),
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === "area" ? (
        <textarea rows={4} {...common} />
      ) : (
        <input
          {...({
            ...common,
            type: type === "password" && shown ? "text" : type,
          } as InputHTMLAttributes<HTMLInputElement>)}
        />
      )}
      {type === "password" && (
        <button
          type="button"
          class="field-reveal"
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? text.form.hidePassword : text.form.showPassword}
        </button>
      )}
      {hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

export function Select({
  name,
  label,
  options,
  value,
  onPick,
}: {
  name: string;
  label: string;
  options: Record<string, string>;
  value?: string;
  onPick?: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        class="input"
        id={id}
        name={name}
        {...(onPick === undefined || value === undefined ? {} : { value })}
        onChange={(event) => onPick?.(event.currentTarget.value)}
      >
        {Object.entries(options).map(([key, words]) => (
          <option key={key} value={key} selected={key === value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

/**
 * A group of checkboxes. Checked ones are sent as `name.key`; an error has the name of the group.
 */
export function Checks({
  name,
  label,
  options,
  checked,
  state,
}: {
  name: string;
  label: string;
  options: Record<string, string>;
  checked: string[];
  state: FormState;
}) {
  const id = useId();
  const error = state.errors[name];
  return (
    <fieldset class="field checks" {...describe(error === undefined ? "" : id)}>
      <legend>{label}</legend>
      {Object.entries(options).map(([key, words]) => (
        <label key={key} class="check">
          <input type="checkbox" name={`${name}.${key}`} defaultChecked={checked.includes(key)} />
          {words}
        </label>
      ))}
      {error !== undefined && (
        <p class="field-error" id={id} role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}

/** Returns the checked keys of `Checks`. */
export function checkedOf(values: Record<string, string>, name: string): string[] {
  return Object.keys(values).flatMap((key) =>
    key.startsWith(`${name}.`) ? [key.slice(name.length + 1)] : [],
  );
}

/** The error of the whole form, and the submit button. */
export function Submit({ state, label }: { state: FormState; label: string }) {
  const error = state.errors[""];
  return (
    <div class="submit">
      {error !== undefined && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      <button type="submit" class="button button-main" disabled={state.busy}>
        {label}
      </button>
    </div>
  );
}
