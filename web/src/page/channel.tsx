/** The page of a channel: its profile, its videos, and for its owner the playlists. */

import { call } from "../api/client.ts";
import type { Channel } from "../api/shape.ts";
import { Avatar } from "../list/Avatar.tsx";
import { Subscribe } from "../list/Subscribe.tsx";
import { useResource } from "../list/use-resource.ts";
import { VideoGrid } from "../list/VideoGrid.tsx";
import { Empty, Trouble } from "../part/state.tsx";
import { Tabs } from "../part/Tabs.tsx";
import { OwnPlaylists } from "../playlist/OwnPlaylists.tsx";
import { useAccount } from "../session/session.ts";
import { setTitle, showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

const handle = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const path = { handle };

function ChannelPage() {
  const channel = useResource(handle, () => call("GET /channels/{handle}", { path }));
  const account = useAccount();
  if (channel.error !== null)
    return <Trouble error={channel.error} missing={text.channel.missing} onRetry={channel.load} />;
  const own = account?.handle === handle;
  if (channel.value !== null) setTitle(channel.value.display_name || handle);
  return (
    <>
      <ChannelHead channel={channel.value} own={own} onChange={channel.set} />
      <Tabs
        label={text.channel.tabs}
        tabs={[
          { name: "videos", title: text.channel.videos, show: () => <Videos /> },
          ...(own
            ? [{ name: "playlists", title: text.channel.playlists, show: () => <OwnPlaylists /> }]
            : []),
          {
            name: "about",
            title: text.channel.about,
            show: () => <About channel={channel.value} />,
          },
        ]}
      />
    </>
  );
}

function ChannelHead({
  channel,
  own,
  onChange,
}: {
  channel: Channel | null;
  own: boolean;
  onChange: (channel: Channel) => void;
}) {
  return (
    <header class="channel-head">
      <Avatar handle={handle} name={channel?.display_name} picture={channel?.avatar} size="large" />
      <div class="channel-words">
        <h1 class="channel-name">{channel?.display_name || handle}</h1>
        <p class="card-facts">
          {channel === null
            ? " "
            : [
                `@${handle}`,
                text.channel.subscribers(channel.subscribers),
                text.channel.count(channel.videos),
              ].join(" · ")}
        </p>
        <p class="channel-bio">{channel?.bio}</p>
      </div>
      <div class="channel-actions">
        {own ? (
          <a class="button" href="/settings">
            {text.channel.edit}
          </a>
        ) : (
          channel !== null && <Subscribe channel={channel} onChange={onChange} />
        )}
      </div>
    </header>
  );
}

function Videos() {
  return (
    <VideoGrid
      of={handle}
      ask={(cursor, signal) =>
        call("GET /channels/{handle}/videos", { path, query: { cursor }, signal })
      }
      empty={<Empty title={text.channel.empty} hint={text.channel.emptyHint} />}
      card={{ byChannel: true }}
    />
  );
}

function About({ channel }: { channel: Channel | null }) {
  return (
    <div class="about-channel">
      <p class="channel-bio">{channel?.bio || text.channel.noBio}</p>
      <a class="text-link" href={`/channels/${encodeURIComponent(handle)}/feed.xml`}>
        {text.channel.feed}
      </a>
    </div>
  );
}

showPage(handle, <ChannelPage />);
