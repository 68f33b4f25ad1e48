/** What the store holds and of whom, and what was sent. */

import { call } from "../api/client";
import { useOne } from "../list/useOne";
import { Trouble } from "../part/state";
import { formatBytes, formatPercent } from "../text/format";
import { text } from "../text/text";
import { Table } from "./Table";

export function Storage() {
  const one = useOne("storage", () => call("GET /admin/storage"));
  if (one.error !== null) return <Trouble error={one.error} onRetry={one.load} />;
  if (one.value === null) return null;
  const { buckets, owners, free_bytes, sent_bytes } = one.value;
  const words = text.admin;
  const all = Object.values(buckets).reduce((sum, bytes) => sum + bytes, 0);
  const tiles: [string, string][] = [
    [words.originals, formatBytes(buckets["original"] ?? 0)],
    [words.encoded, formatBytes(buckets["encoded"] ?? 0)],
    [words.free, free_bytes === null ? words.unknown : formatBytes(free_bytes)],
    [words.sentMedia, formatBytes(sent_bytes["media"] ?? 0)],
    [words.sentOther, formatBytes(sent_bytes["other"] ?? 0)],
  ];
  const rows = owners.map((owner) => ({
    key: owner.id,
    cells: [
      <a class="link" href={`/admin?tab=people&q=${encodeURIComponent(owner.handle)}`}>
        {owner.handle}
      </a>,
      formatBytes(owner.used_bytes),
      all === 0 ? "" : formatPercent(owner.used_bytes / all),
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
      <Table title={words.owners} columns={words.ownerColumns} rows={rows} none={words.nothingKept} />
    </>
  );
}
