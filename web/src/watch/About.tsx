import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { Channel } from "../api/shape.ts";
import type { Video } from "../api/video.ts";
import { AvatarLink } from "../list/AvatarLink.tsx";
import { Subscribe } from "../list/Subscribe.tsx";
import type { YeoulPlayer } from "../player/yeoul-player.ts";
import { useAccount } from "../session/session.ts";
import { formatPercent } from "../text/format.ts";
import { text } from "../text/text.ts";
import { words } from "../text/watch/words.ts";
import { Actions } from "./Actions.tsx";
import { Description } from "./Description.tsx";

/** The section below the player: title, channel, actions, processing state and description. */
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
      {video.state === "playable" && <ProcessingState video={video} />}
      <Description video={video} player={player} />
    </>
  );
}

/** The title of a video that does not exist, or is not visible to the viewer. */
export function Missing({ status }: { status: number }) {
  const title = status === 401 || status === 403 ? words.stage.forbidden : words.stage.missing;
  return (
    <h1 id="title" class="video-title">
      {title}
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
      <AvatarLink handle={handle} name={display_name} picture={avatar} />
      <p class="watch-channel-words">
        <a class="watch-channel-name" href={href}>
          {display_name || handle}
        </a>
        <span class="facts">{words.page.subscribers(channel?.subscribers ?? subscribers)}</span>
      </p>
      {account?.handle !== handle && channel !== null && (
        <Subscribe channel={channel} onChange={setChannel} />
      )}
    </div>
  );
}

/** The progress of a video that is still processed, and its rungs so far. */
function ProcessingState({ video }: { video: Video }) {
  return (
    <div class="work">
      <p class="work-line">{words.work.playable(formatPercent(video.progress))}</p>
      <progress max={1} value={video.progress} aria-label={words.work.progress} />
      <ul class="work-rungs">
        {video.renditions
          .filter(({ kind }) => kind === "video")
          .map(({ name }) => (
            <li key={name} class="chip">
              {name}
            </li>
          ))}
      </ul>
    </div>
  );
}
