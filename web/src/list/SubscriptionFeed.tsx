/** The newest videos of the channels one follows. */

import { call } from "../api/client";
import { Empty } from "../part/state";
import { text } from "../text/text";
import { VideoGrid } from "./VideoGrid";

export function SubscriptionFeed() {
  const empty = (
    <Empty title={text.subscriptions.empty} hint={text.subscriptions.emptyHint}>
      <a class="button" href="/trending">
        {text.subscriptions.explore}
      </a>
    </Empty>
  );
  return <VideoGrid of="subscriptions" ask={(cursor, signal) => call("GET /subscriptions/feed", { query: { cursor }, signal })} empty={empty} />;
}
