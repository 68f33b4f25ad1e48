/** What becomes of a video: a mark, a word, and how far it is. */

import type { ListedVideo } from "../api/shape";
import { Icon, type IconName } from "../part/Icon";
import { formatPercent } from "../text/format";
import { sayReason } from "../text/reason";
import { text } from "../text/text";

type State = keyof typeof text.studio.states;

const ICONS: Record<State, IconName> = { created: "clock", uploading: "upload", processing: "gear", playable: "play", ready: "check", failed: "warn", deleted: "trash" };

/** Whether a video will change without anybody's doing. */
export function isUnderway(video: ListedVideo): boolean {
  return ["created", "uploading", "processing", "playable"].includes(video.state);
}

export function StateMark({ video }: { video: ListedVideo }) {
  const state = video.state as State;
  const reason = video.error ?? video.notice;
  const working = state === "uploading" || state === "processing" || state === "playable";
  return (
    <div class={`state state-${state}`}>
      <span class="state-word">
        <Icon name={ICONS[state]} size={16} />
        {text.studio.states[state]}
        {working && <span class="state-share">{formatPercent(video.progress)}</span>}
      </span>
      {working && <progress max={1} value={video.progress} aria-label={text.studio.progress} />}
      {reason !== null && <span class="state-reason">{sayReason(reason)}</span>}
    </div>
  );
}
