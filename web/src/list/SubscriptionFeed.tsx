import { call } from "../api/client.ts";
import { Empty } from "../part/state.tsx";
import { text } from "../text/text.ts";
import { VideoGrid } from "./VideoGrid.tsx";

/** The newest videos of the account's subscriptions. */
export function SubscriptionFeed() {
  const empty = (
    <Empty title={text.subscriptions.empty} hint={text.subscriptions.emptyHint}>
      <a class="button" href="/trending">
        {text.subscriptions.explore}
      </a>
    </Empty>
  );
  return (
    <VideoGrid
      of="subscriptions"
      ask={(cursor, signal) => call("GET /subscriptions/feed", { query: { cursor }, signal })}
      empty={empty}
    />
  );
}
