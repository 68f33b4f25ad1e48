/** Who did what to what, newest first. */

import { call } from "../api/client";
import { More } from "../list/More";
import { usePages } from "../list/usePages";
import { Form, Field, Select } from "../part/form";
import { Trouble } from "../part/state";
import { formatMoment } from "../text/format";
import { text } from "../text/text";
import { useQuery } from "./query";
import { Table } from "./Table";

export function Audit() {
  const [actor, setActor] = useQuery("who");
  const [action, setAction] = useQuery("what");
  const [target, setTarget] = useQuery("target");
  const pages = usePages(JSON.stringify([actor, action, target]), (cursor, signal) => call("GET /admin/audit", { query: { actor, action, target, cursor }, signal }));
  const words = text.admin;
  const look = async (values: Record<string, string>): Promise<void> => {
    setActor((values["who"] ?? "").trim());
    setTarget((values["target"] ?? "").trim());
  };
  const rows = pages.items.map((entry) => ({
    key: entry.id,
    cells: [formatMoment(entry.at), entry.actor, words.actions[entry.action as keyof typeof words.actions] ?? entry.action, <span class="audit-target">{entry.target}</span>, sayDetail(entry.detail)],
  }));
  return (
    <>
      <Form onSend={look} class="form audit-filter">
        {(state) => (
          <>
            <Field name="who" label={words.who} state={state} input={{ value: actor, maxLength: 200, autocapitalize: "none", spellcheck: false }} />
            <Select name="what" label={words.what} options={{ "": words.anything, ...words.actions }} value={action} onPick={setAction} />
            <Field name="target" label={words.target} state={state} input={{ value: target, maxLength: 200, autocapitalize: "none", spellcheck: false }} />
            <button type="submit" class="button">
              {words.show}
            </button>
          </>
        )}
      </Form>
      {pages.first && pages.error !== null ? <Trouble error={pages.error} onRetry={pages.load} /> : !pages.first && <Table title={words.audit} columns={words.auditColumns} rows={rows} none={words.nothingDone} />}
      <More pages={pages} />
    </>
  );
}

function sayDetail(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
}
