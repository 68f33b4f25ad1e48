import type { Visibility } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { DurationBadge } from "../../list/DurationBadge.tsx";
import { Icon } from "../../part/Icon.tsx";
import { Menu, MenuButton, MenuLink } from "../../part/Menu.tsx";
import { formatDay, formatNumber } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import { copyLink, studioUrl } from "../link.ts";
import { StateMark } from "../StateMark.tsx";
import { VISIBILITY_ICONS } from "../visibility.ts";

interface RowProps {
  video: ListedVideo;
  selected: boolean;
  onSelect: (selected: boolean) => void;
  onDelete: () => void;
}

/** A video in the studio's list: a table row, and a card on phones. */
export function VideoRow({ video, selected, onSelect, onDelete }: RowProps) {
  const title = video.title || text.video.untitled;
  const visibility = video.visibility as Visibility;
  const columns = text.studio.columns;
  return (
    <tr role="row" class={selected ? "own-row own-chosen" : "own-row"}>
      <td role="cell" class="own-choose">
        <label class="own-check">
          <input
            type="checkbox"
            checked={selected}
            aria-label={text.studio.choose(title)}
            onChange={(event) => onSelect(event.currentTarget.checked)}
          />
        </label>
      </td>
      <th role="rowheader" scope="row" class="own-head">
        <div class="own-video">
          <div class="own-picture">
            {video.poster === null ? (
              <Icon name="play" size={24} />
            ) : (
              <img
                src={video.poster}
                alt=""
                width="160"
                height="90"
                loading="lazy"
                decoding="async"
              />
            )}
            <DurationBadge seconds={video.duration_s} />
          </div>
          <div class="own-words">
            <a class="clamp own-title" href={studioUrl(video.id)}>
              {title}
            </a>
            <p class="clamp own-description">{video.description}</p>
          </div>
        </div>
      </th>
      <td role="cell" class="own-state">
        <a class="own-link" href={studioUrl(video.id, "processing")}>
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
      <td role="cell" class="own-number own-date">
        {formatDay(video.created_at)}
      </td>
      <td role="cell" class="own-menu">
        <Menu label={text.video.actions(title)} face={<Icon name="more" />}>
          <MenuLink href={studioUrl(video.id)}>{text.studio.edit}</MenuLink>
          <MenuLink href={video.watch}>{text.studio.watch}</MenuLink>
          <MenuButton onPick={() => copyLink(video)}>{text.video.copy}</MenuButton>
          <MenuButton onPick={onDelete}>{text.studio.delete}</MenuButton>
        </Menu>
      </td>
    </tr>
  );
}
