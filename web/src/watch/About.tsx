/** What stands below the player: title, channel, what can be done with the video, how far it is, its description. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client";
import type { Channel } from "../api/shape";
import type { Video } from "../api/video";
import { Avatar } from "../list/Avatar";
import { Subscribe } from "../list/Subscribe";
import type { YeoulPlayer } from "../player/yeoul-player";
import { useAccount } from "../session/session";
import { formatPercent } from "../text/format";
import { text } from "../text/text";
import { words } from "../text/watch/words";
import { Actions } from "./Actions";
import { Description } from "./Description";

export function About({ video, player }: { video: Video; player: YeoulPlayer }) {
  return (
    <>
      <h1 id="title" class="video-title">
        {video.title || text.video.untitled}
      </h1>
      <div class="watch-row">
        <ChannelRow video={video} />
        <Actions video={video} player={player} />
      </div>
      {video.state === "playable" && <Work video={video} />}
      <Description video={video} player={player} />
    </>
  );
}

export function Missing({ status }: { status: number }) {
  const said = status === 401 || status === 403 ? words.stage.forbidden : words.stage.missing;
  return (
    <h1 id="title" class="video-title">
      {said}
    </h1>
  );
}

function ChannelRow({ video }: { video: Video }) {
  const account = useAccount();
  const [channel, setChannel] = useState<Channel | null>(null);
  const { handle, display_name, avatar, subscribers } = video.channel;
  useEffect(() => {
    call("GET /channels/{handle}", { path: { handle } }).then(setChannel, () => undefined);
  }, [handle]);
  const href = `/c/${encodeURIComponent(handle)}`;
  return (
    <div class="watch-channel">
      <a href={href} tabIndex={-1} aria-hidden="true">
        <Avatar handle={handle} name={display_name} picture={avatar} />
      </a>
      <p class="watch-channel-words">
        <a class="watch-channel-name" href={href}>
          {display_name || handle}
        </a>
        <span class="facts">{words.page.subscribers(channel?.subscribers ?? subscribers)}</span>
      </p>
      {account?.handle !== handle && channel !== null && <Subscribe channel={channel} onChange={setChannel} />}
    </div>
  );
}

/** While the video is being made: how far it is, and which rungs are there. */
function Work({ video }: { video: Video }) {
  return (
    <div class="work">
      <p class="work-line">{words.work.playable(formatPercent(video.progress))}</p>
      <progress max={1} value={video.progress} aria-label={words.work.progress} />
      <ul class="work-rungs">
        {video.renditions
          .filter((one) => one.kind === "video")
          .map((one) => (
            <li key={one.name} class="chip">
              {one.name}
            </li>
          ))}
      </ul>
    </div>
  );
}
