import type { ListedVideo } from "../api/shape.ts";
import { Icon, type IconName } from "../part/Icon.tsx";
import { formatPercent } from "../text/format.ts";
import { describeReason } from "../text/reason.ts";
import { text } from "../text/text.ts";

type State = keyof typeof text.studio.states;

const ICONS: Record<State, IconName> = {
  created: "clock",
  uploading: "upload",
  processing: "gear",
  playable: "play",
  ready: "check",
  failed: "warn",
  deleted: "trash",
};

/** The state of a video, with its progress and the reason for a failure. */
export function StateMark({ video }: { video: ListedVideo }) {
  const state = video.state as State;
  const reason = video.error ?? video.notice;
  const isWorking = state === "uploading" || state === "processing" || state === "playable";
  return (
    <div class={`state state-${state}`}>
      <span class="state-word">
        <Icon name={ICONS[state]} size={16} />
        {text.studio.states[state]}
        {isWorking && <span class="state-share">{formatPercent(video.progress)}</span>}
      </span>
      {isWorking && <progress max={1} value={video.progress} aria-label={text.studio.progress} />}
      {reason !== null && <span class="clamp state-reason">{describeReason(reason)}</span>}
    </div>
  );
}
