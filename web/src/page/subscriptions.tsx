/** The channels one follows, and their newest videos. */

import { call } from "../api/client";
import { Avatar } from "../list/Avatar";
import { SubscriptionFeed } from "../list/SubscriptionFeed";
import { usePages } from "../list/usePages";
import { showPage } from "../shell/page";
import { text } from "../text/text";

function Channels() {
  const pages = usePages("channels", (cursor, signal) => call("GET /subscriptions", { query: { cursor, limit: 100 }, signal }));
  if (pages.items.length === 0) return <div class="strip" aria-hidden="true" />;
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
  return (
    <>
      <h1 class="page-title">{text.subscriptions.title}</h1>
      <Channels />
      <SubscriptionFeed />
    </>
  );
}

showPage(text.subscriptions.title, <Subscriptions />);
