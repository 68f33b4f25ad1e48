/** The stages as a list, which needs no picture: for phones, and for ears. */

import type { ComponentChildren } from "preact";

import { Icon } from "../part/Icon";
import { text } from "../text/text";
import type { StageRun } from "./run";
import { StateBar } from "./StateBar";
import { MOOD_ICONS, sayStage } from "./stageWords";

interface ListProps {
  stages: readonly StageRun[];
  chosen: string | null;
  ended: boolean;
  onChoose: (stage: StageRun) => void;
  /** Stands below the chosen stage. */
  children: ComponentChildren;
}

export function StageList({ stages, chosen, ended, onChoose, children }: ListProps) {
  return (
    <ol class="stage-list" aria-label={text.run.stages}>
      {stages.map((stage) => (
        <li key={stage.node.name}>
          <button type="button" class={`stage-line mood-${stage.mood}`} aria-expanded={stage.node.name === chosen} onClick={() => onChoose(stage)}>
            <Icon name={MOOD_ICONS[stage.mood]} size={18} />
            <span class="hidden-words">{sayStage(stage, ended)}</span>
            <span class="stage-line-name" aria-hidden="true">
              {stage.node.name}
            </span>
            <span class="stage-count" aria-hidden="true">{stage.sum.total > 0 ? text.run.of(stage.sum.done, stage.sum.total) : "–"}</span>
            <StateBar sum={stage.sum} />
            <Icon name={stage.node.name === chosen ? "up" : "down"} size={18} />
          </button>
          {stage.node.name === chosen && children}
        </li>
      ))}
    </ol>
  );
}
