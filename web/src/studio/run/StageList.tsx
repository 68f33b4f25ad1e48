import type { ComponentChildren } from "preact";

import { Icon } from "../../part/Icon.tsx";
import { text } from "../../text/text.ts";
import { StateBar } from "./StateBar.tsx";
import type { StageRun } from "./stage-run.ts";
import { describeStage, MOOD_ICONS } from "./stage-words.ts";

interface ListProps {
  stages: readonly StageRun[];
  chosen: string | null;
  ended: boolean;
  onChoose: (stage: StageRun) => void;
  /** Shown below the chosen stage. */
  children: ComponentChildren;
}

/** The stages of a run as a list, for phones and screen readers. */
export function StageList({ stages, chosen, ended, onChoose, children }: ListProps) {
  return (
    <ol class="stage-list" aria-label={text.run.stages}>
      {stages.map((stage) => (
        <li key={stage.node.name}>
          <button
            type="button"
            class={`stage-line mood-${stage.mood}`}
            aria-expanded={stage.node.name === chosen}
            onClick={() => onChoose(stage)}
          >
            <Icon name={MOOD_ICONS[stage.mood]} size={18} />
            <span class="hidden-words">{describeStage(stage, ended)}</span>
            <span class="stage-line-name" aria-hidden="true">
              {stage.node.name}
            </span>
            <span class="stage-count" aria-hidden="true">
              {stage.sum.total > 0 ? text.run.of(stage.sum.done, stage.sum.total) : "–"}
            </span>
            <StateBar sum={stage.sum} />
            <Icon name={stage.node.name === chosen ? "up" : "down"} size={18} />
          </button>
          {stage.node.name === chosen && children}
        </li>
      ))}
    </ol>
  );
}
