/** Forms: fields with labels, hints and errors of their own, and one button that is busy while the server thinks. */

import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { useId, useRef, useState } from "preact/hooks";

import { Problem } from "../api/client";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

export interface FormState {
  busy: boolean;
  /** By the field's name; "" is for what concerns the whole form. */
  errors: Record<string, string>;
}

interface FormProps {
  /** Gets what was typed, by the fields' names. What it raises is shown: at its field where the problem names one, else above the button. */
  onSend: (values: Record<string, string>) => Promise<void>;
  /** Errors known before anything is sent. */
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
    requestAnimationFrame(() => (form.current?.elements.namedItem(first ?? "") as HTMLElement | null)?.focus());
  };
  const send = async (): Promise<void> => {
    if (state.busy || form.current === null) return;
    const values = Object.fromEntries([...new FormData(form.current)].map(([name, value]) => [name, String(value)]));
    const bad = { ...findEmpty(form.current), ...dropUndefined(check?.(values) ?? {}) };
    if (Object.keys(bad).length > 0) return fail(bad);
    setState({ busy: true, errors: {} });
    try {
      await onSend(values);
      setState({ busy: false, errors: {} });
    } catch (error) {
      const field = error instanceof Problem ? error.field : null;
      fail({ [field !== null && field in values ? field : ""]: sayProblem(error) });
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
  const empty = [...form.elements].filter((one): one is HTMLInputElement => "required" in one && one.required === true && "value" in one && one.value === "");
  return Object.fromEntries(empty.map((one) => [one.name, text.form.required]));
}

function dropUndefined(errors: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(errors).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** What an input and a text area understand alike. */
interface InputProps {
  required?: boolean;
  /** What stands in it at first; what is typed stays, however often the page is drawn anew. */
  value?: string;
  minLength?: number;
  maxLength?: number;
  autocomplete?: string;
  autocapitalize?: "none";
  spellcheck?: boolean;
  placeholder?: string;
}

interface FieldProps {
  name: string;
  label: string;
  state: FormState;
  hint?: string;
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
    ...describe([hint === undefined ? "" : `${id}-hint`, error === undefined ? "" : `${id}-error`].join(" ").trim()),
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === "area" ? <textarea rows={4} {...common} /> : <input {...({ ...common, type: type === "password" && shown ? "text" : type } as InputHTMLAttributes<HTMLInputElement>)} />}
      {type === "password" && (
        <button type="button" class="field-reveal" aria-pressed={shown} onClick={() => setShown(!shown)}>
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

export function Select({ name, label, options, value, onPick }: { name: string; label: string; options: Record<string, string>; value?: string; onPick?: (value: string) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select class="input" id={id} name={name} {...(onPick === undefined || value === undefined ? {} : { value })} onChange={(event) => onPick?.(event.currentTarget.value)}>
        {Object.entries(options).map(([key, words]) => (
          <option key={key} value={key} selected={key === value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Boxes of one question; those that are checked arrive as `name.key`, and an error by the name of the question. */
export function Checks({ name, label, options, picked, state }: { name: string; label: string; options: Record<string, string>; picked: string[]; state: FormState }) {
  const id = useId();
  const error = state.errors[name];
  return (
    <fieldset class="field checks" {...describe(error === undefined ? "" : id)}>
      <legend>{label}</legend>
      {Object.entries(options).map(([key, words]) => (
        <label key={key} class="check">
          <input type="checkbox" name={`${name}.${key}`} defaultChecked={picked.includes(key)} />
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

/** The keys of `Checks` that are checked. */
export function pickedOf(values: Record<string, string>, name: string): string[] {
  return Object.keys(values).flatMap((key) => (key.startsWith(`${name}.`) ? [key.slice(name.length + 1)] : []));
}

/** What went wrong with the whole form, and the button that sends it. */
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
