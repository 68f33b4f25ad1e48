/** One channel: who it is, its videos, its owner's playlists. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { Channel } from "../api/shape";
import { Avatar } from "../list/Avatar";
import { useOne } from "../list/useOne";
import { VideoGrid } from "../list/VideoGrid";
import { Icon } from "../part/Icon";
import { Empty, Trouble } from "../part/state";
import { Tabs } from "../part/Tabs";
import { OwnPlaylists } from "../playlist/OwnPlaylists";
import { signInUrl, useAccount } from "../session/session";
import { setTitle, showPage } from "../shell/page";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

const handle = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const path = { handle };

function ChannelPage() {
  const channel = useOne(handle, () => call("GET /channels/{handle}", { path }));
  const account = useAccount();
  if (channel.error !== null) return <Trouble error={channel.error} missing={text.channel.missing} onRetry={channel.load} />;
  const own = account?.handle === handle;
  if (channel.value !== null) setTitle(channel.value.display_name || handle);
  return (
    <>
      <ChannelHead channel={channel.value} own={own} onChange={channel.set} />
      <Tabs
        label={text.channel.tabs}
        tabs={[
          { name: "videos", title: text.channel.videos, show: () => <Videos /> },
          ...(own ? [{ name: "playlists", title: text.channel.playlists, show: () => <OwnPlaylists /> }] : []),
          { name: "about", title: text.channel.about, show: () => <About channel={channel.value} /> },
        ]}
      />
    </>
  );
}

function ChannelHead({ channel, own, onChange }: { channel: Channel | null; own: boolean; onChange: (channel: Channel) => void }) {
  return (
    <header class="channel-head">
      <Avatar handle={handle} name={channel?.display_name} picture={channel?.avatar} size="large" />
      <div class="channel-words">
        <h1 class="channel-name">{channel?.display_name || handle}</h1>
        <p class="card-facts">
          {channel === null ? " " : [`@${handle}`, text.channel.subscribers(channel.subscribers), text.channel.count(channel.videos)].join(" · ")}
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

function Subscribe({ channel, onChange }: { channel: Channel; onChange: (channel: Channel) => void }) {
  const account = useAccount();
  const [busy, setBusy] = useState(false);
  const name = channel.display_name || handle;
  if (account === null) {
    return (
      <a class="button button-main" href={signInUrl()}>
        {text.channel.subscribe}
      </a>
    );
  }
  const turn = async (): Promise<void> => {
    const on = !channel.subscribed;
    setBusy(true);
    try {
      await call(on ? "PUT /channels/{handle}/subscription" : "DELETE /channels/{handle}/subscription", { path });
      onChange({ ...channel, subscribed: on, subscribers: channel.subscribers + (on ? 1 : -1) });
      toast(on ? text.channel.subscribedTo(name) : text.channel.unsubscribedFrom(name));
    } catch (error) {
      toast(sayProblem(error), "bad");
    }
    setBusy(false);
  };
  return (
    <button type="button" class={channel.subscribed ? "button button-quiet" : "button button-main"} aria-pressed={channel.subscribed} disabled={busy} onClick={() => void turn()}>
      {channel.subscribed && <Icon name="check" size={18} />}
      {channel.subscribed ? text.channel.subscribed : text.channel.subscribe}
    </button>
  );
}

function Videos() {
  return (
    <VideoGrid
      of={handle}
      ask={(cursor, signal) => call("GET /channels/{handle}/videos", { path, query: { cursor }, signal })}
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
