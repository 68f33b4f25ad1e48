import { useState } from "preact/hooks";

import type { TaskView } from "../../api/schema.d.ts";
import { text } from "../../text/text.ts";
import { findBlock, firstPiece, lastPiece, makeBlocks, moodIn, rowsOf } from "./cell-blocks.ts";
import { StateBar } from "./StateBar.tsx";
import { moodOf, sumUp, worstOf } from "./stage-run.ts";
import { nameTask } from "./stage-words.ts";

interface CellsProps {
  tasks: readonly TaskView[];
  chosen: string | null;
  onChoose: (task: TaskView) => void;
}

/**
 * The tasks of a stage as cells, one row for each rung. Of many pieces one block is drawn, and
 * buttons stand for the other blocks.
 */
export function Cells({ tasks, chosen, onChoose }: CellsProps) {
  const blocks = makeBlocks(tasks);
  const [opened, setOpened] = useState<number | null>(null);
  const index = opened ?? Math.max(0, findBlock(blocks, chosen));
  const block = blocks[index] ?? blocks[0] ?? [];
  return (
    <div class="cells">
      {blocks.length > 1 && (
        <ul class="blocks" aria-label={text.run.blocks}>
          {blocks.map((tasks, at) => (
            <li key={firstPiece(tasks)}>
              <button
                type="button"
                class={`block mood-${worstOf(sumUp(tasks))}`}
                aria-pressed={at === index}
                onClick={() => setOpened(at)}
              >
                <span>{text.run.range(firstPiece(tasks) + 1, lastPiece(tasks) + 1)}</span>
                <span class="hidden-words">{text.run.moods[moodIn(tasks)]}</span>
                <StateBar sum={sumUp(tasks)} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {rowsOf(block).map(([rung, row]) => (
        <div key={rung} class="cell-row">
          {rung !== "" && <span class="cell-rung">{rung}</span>}
          <div
            class="cell-line"
            role="group"
            aria-label={rung === "" ? text.run.tasks : rung}
            onKeyDown={moveFocus}
          >
            {row.map((task, at) => (
              <button
                key={task.id}
                type="button"
                class={`cell mood-${moodOf(task)}`}
                title={`${nameTask(task)}: ${text.run.moods[moodOf(task)]}`}
                aria-label={`${nameTask(task)}: ${text.run.moods[moodOf(task)]}`}
                aria-pressed={task.id === chosen}
                tabIndex={at === 0 || task.id === chosen ? 0 : -1}
                onClick={() => onChoose(task)}
              >
                {task.piece === null ? "" : task.piece + 1}
              </button>
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}

/** Moves the focus between cells with the arrow keys. */
function moveFocus(event: KeyboardEvent): void {
  const cells = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".cell")];
  const now = cells.indexOf(event.target as HTMLElement);
  const to: Record<string, number> = {
    ArrowRight: now + 1,
    ArrowLeft: now - 1,
    Home: 0,
    End: cells.length - 1,
  };
  const next = cells[to[event.key] ?? -1];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
