import { call } from "../api/client.ts";
import { useResource } from "../list/use-resource.ts";
import { Trouble } from "../part/state.tsx";
import { formatBytes, formatPercent } from "../text/format.ts";
import { text } from "../text/text.ts";
import { Table } from "./Table.tsx";

/** Stored bytes by bucket and owner, and sent bytes. */
export function Storage() {
  const storage = useResource("storage", () => call("GET /admin/storage"));
  if (storage.error !== null) return <Trouble error={storage.error} onRetry={storage.load} />;
  if (storage.value === null) return null;
  const { buckets, owners, free_bytes, sent_bytes } = storage.value;
  const words = text.admin;
  const total = Object.values(buckets).reduce((sum, bytes) => sum + bytes, 0);
  const tiles: [string, string][] = [
    [words.originals, formatBytes(buckets.original ?? 0)],
    [words.encoded, formatBytes(buckets.encoded ?? 0)],
    [words.free, free_bytes === null ? words.unknown : formatBytes(free_bytes)],
    [words.sentMedia, formatBytes(sent_bytes.media ?? 0)],
    [words.sentOther, formatBytes(sent_bytes.other ?? 0)],
  ];
  const rows = owners.map((owner) => ({
    key: owner.id,
    cells: [
      <a class="link" href={`/admin?tab=people&q=${encodeURIComponent(owner.handle)}`}>
        {owner.handle}
      </a>,
      formatBytes(owner.used_bytes),
      total === 0 ? "" : formatPercent(owner.used_bytes / total),
      owner.quota_bytes === null ? words.standard : formatBytes(owner.quota_bytes),
    ],
  }));
  return (
    <>
      <dl class="storage-tiles">
        {tiles.map(([name, value]) => (
          <div key={name} class="storage-tile">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="field-hint">{words.sentHint}</p>
      <Table
        title={words.owners}
        columns={words.ownerColumns}
        rows={rows}
        none={words.nothingKept}
      />
    </>
  );
}
