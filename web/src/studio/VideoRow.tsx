/** One of one's own videos in the studio's list: a row of a table, and a card on phones. */

import type { ListedVideo } from "../api/shape";
import type { Visibility } from "../api/schema";
import { Icon, type IconName } from "../part/Icon";
import { Menu, MenuButton, MenuLink } from "../part/Menu";
import { formatDay, formatDuration, formatNumber } from "../text/format";
import { text } from "../text/text";
import { copyLink } from "./link";
import { StateMark } from "./StateMark";

export const VISIBILITY_ICONS: Record<Visibility, IconName> = { public: "globe", unlisted: "link", private: "lock" };

interface RowProps {
  video: ListedVideo;
  chosen: boolean;
  onChoose: (chosen: boolean) => void;
  onDelete: () => void;
}

/** The address of a video's page in the studio. */
export function studioUrl(video: ListedVideo, tab?: string): string {
  return `/studio/video/${encodeURIComponent(video.id)}${tab === undefined ? "" : `?tab=${tab}`}`;
}

export function VideoRow({ video, chosen, onChoose, onDelete }: RowProps) {
  const title = video.title || text.video.untitled;
  const visibility = video.visibility as Visibility;
  const columns = text.studio.columns;
  return (
    <tr role="row" class={chosen ? "own-row own-chosen" : "own-row"}>
      <td role="cell" class="own-choose">
        <label class="own-check">
          <input type="checkbox" checked={chosen} aria-label={text.studio.choose(title)} onChange={(event) => onChoose(event.currentTarget.checked)} />
        </label>
      </td>
      <th role="rowheader" scope="row" class="own-head">
        <div class="own-video">
          <div class="own-picture">
            {video.poster === null ? <Icon name="play" size={24} /> : <img src={video.poster} alt="" width="160" height="90" loading="lazy" decoding="async" />}
            {video.duration_s !== null && (
              <span class="card-duration">
                <span class="hidden-words">{text.video.length("")}</span>
                {formatDuration(video.duration_s)}
              </span>
            )}
          </div>
          <div class="own-words">
            <a class="own-title" href={studioUrl(video)}>
              {title}
            </a>
            <p class="own-description">{video.description}</p>
          </div>
        </div>
      </th>
      <td role="cell" class="own-state">
        <a class="own-link" href={studioUrl(video, "processing")}>
          <StateMark video={video} />
        </a>
      </td>
      <td role="cell" class="own-visibility">
        <Icon name={VISIBILITY_ICONS[visibility]} size={16} />
        {text.video[visibility]}
        {video.hidden && <span class="own-hidden">{text.studio.hidden}</span>}
      </td>
      <td role="cell" class="own-number own-views">
        <span class="own-column">{columns.views}</span>
        {formatNumber(video.views)}
      </td>
      <td role="cell" class="own-number own-date">{formatDay(video.created_at)}</td>
      <td role="cell" class="own-menu">
        <Menu label={text.video.actions(title)} face={<Icon name="more" />}>
          <MenuLink href={studioUrl(video)}>{text.studio.edit}</MenuLink>
          <MenuLink href={video.watch}>{text.studio.watch}</MenuLink>
          <MenuButton onPick={() => copyLink(video)}>{text.video.copy}</MenuButton>
          <MenuButton onPick={onDelete}>{text.studio.delete}</MenuButton>
        </Menu>
      </td>
    </tr>
  );
}
