/** The channels one follows, and their newest videos. */

import { call } from "../api/client";
import { Avatar } from "../list/Avatar";
import { usePages } from "../list/usePages";
import { VideoGrid } from "../list/VideoGrid";
import { Empty } from "../part/state";
import { showPage } from "../shell/page";
import { text } from "../text/text";

function Channels() {
  const pages = usePages("channels", (cursor, signal) => call("GET /subscriptions", { query: { cursor, limit: 100 }, signal }));
  if (pages.items.length === 0) return pages.first ? <div class="strip" aria-hidden="true" /> : null;
  return (
    <ul class="strip" aria-label={text.subscriptions.channels}>
      {pages.items.map((channel) => (
        <li key={channel.handle}>
          <a class="strip-channel" href={`/c/${encodeURIComponent(channel.handle)}`}>
            <Avatar handle={channel.handle} name={channel.display_name} picture={channel.avatar} size="middle" />
            <span>{channel.display_name || channel.handle}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Subscriptions() {
  const empty = (
    <Empty title={text.subscriptions.empty} hint={text.subscriptions.emptyHint}>
      <a class="button" href="/trending">
        {text.subscriptions.explore}
      </a>
    </Empty>
  );
  return (
    <>
      <h1 class="page-title">{text.subscriptions.title}</h1>
      <Channels />
      <VideoGrid of="subscriptions" ask={(cursor, signal) => call("GET /subscriptions/feed", { query: { cursor }, signal })} empty={empty} />
    </>
  );
}

showPage(text.subscriptions.title, <Subscriptions />);
