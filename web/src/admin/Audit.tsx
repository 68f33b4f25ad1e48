import { call } from "../api/client.ts";
import { More } from "../list/More.tsx";
import { usePages } from "../list/use-pages.ts";
import { Field, Form, Select } from "../part/form.tsx";
import { Trouble } from "../part/state.tsx";
import { formatMoment } from "../text/format.ts";
import { text } from "../text/text.ts";
import { Table } from "./Table.tsx";
import { useQuery } from "./use-query.ts";

/** The audit log, newest entries first, with filters. */
export function Audit() {
  const [actor, setActor] = useQuery("who");
  const [action, setAction] = useQuery("what");
  const [target, setTarget] = useQuery("target");
  const pages = usePages(JSON.stringify([actor, action, target]), (cursor, signal) =>
    call("GET /admin/audit", { query: { actor, action, target, cursor }, signal }),
  );
  const words = text.admin;
  const applyFilters = async (values: Record<string, string>): Promise<void> => {
    setActor((values.who ?? "").trim());
    setTarget((values.target ?? "").trim());
  };
  const rows = pages.items.map((entry) => ({
    key: entry.id,
    cells: [
      formatMoment(entry.at),
      entry.actor,
      words.actions[entry.action as keyof typeof words.actions] ?? entry.action,
      <span class="audit-target">{entry.target}</span>,
      describeDetail(entry.detail),
    ],
  }));
  return (
    <>
      <Form onSend={applyFilters} class="form audit-filter">
        {(state) => (
          <>
            <Field
              name="who"
              label={words.who}
              state={state}
              input={{ value: actor, maxLength: 200, autocapitalize: "none", spellcheck: false }}
            />
            <Select
              name="what"
              label={words.what}
              options={{ "": words.anything, ...words.actions }}
              value={action}
              onPick={setAction}
            />
            <Field
              name="target"
              label={words.target}
              state={state}
              input={{ value: target, maxLength: 200, autocapitalize: "none", spellcheck: false }}
            />
            <button type="submit" class="button">
              {words.show}
            </button>
          </>
        )}
      </Form>
      {pages.first && pages.error !== null ? (
        <Trouble error={pages.error} onRetry={pages.load} />
      ) : (
        !pages.first && (
          <Table
            title={words.audit}
            columns={words.auditColumns}
            rows={rows}
            none={words.nothingDone}
          />
        )
      )}
      <More pages={pages} />
    </>
  );
}

function describeDetail(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(
      ([name, value]) =>
        `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
    )
    .join(", ");
}
