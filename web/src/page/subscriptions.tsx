/** The subscriptions of the account, and their newest videos. */

import { call } from "../api/client.ts";
import { Avatar } from "../list/Avatar.tsx";
import { SubscriptionFeed } from "../list/SubscriptionFeed.tsx";
import { usePages } from "../list/use-pages.ts";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

function Channels() {
  const pages = usePages("channels", (cursor, signal) =>
    call("GET /subscriptions", { query: { cursor, limit: 100 }, signal }),
  );
  if (pages.items.length === 0) return <div class="strip" aria-hidden="true" />;
  return (
    <ul class="strip" aria-label={text.subscriptions.channels}>
      {pages.items.map((channel) => (
        <li key={channel.handle}>
          <a class="strip-channel" href={`/c/${encodeURIComponent(channel.handle)}`}>
            <Avatar
              handle={channel.handle}
              name={channel.display_name}
              picture={channel.avatar}
              size="middle"
            />
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
