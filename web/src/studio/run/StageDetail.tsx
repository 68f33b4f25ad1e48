import type { TaskView } from "../../api/schema.d.ts";
import { text } from "../../text/text.ts";
import { Cells } from "./Cells.tsx";
import { MOODS, type StageRun } from "./stage-run.ts";
import { scopeOf } from "./stage-words.ts";
import { TaskStory } from "./TaskStory.tsx";

interface DetailProps {
  videoId: string;
  stage: StageRun;
  task: TaskView | undefined;
  onChoose: (task: TaskView) => void;
}

/** One stage: its tasks as cells, and the details of the chosen task. */
export function StageDetail({ videoId, stage, task, onChoose }: DetailProps) {
  const { node, sum } = stage;
  const counts = MOODS.filter((mood) => sum[mood] > 0).map((mood) =>
    text.run.counted(sum[mood], text.run.moods[mood]),
  );
  return (
    <div class="stage-panel">
      <header>
        <h2 class="part-title">{node.name}</h2>
        <p class="field-hint">
          {[
            text.run.ops[node.op as keyof typeof text.run.ops] ?? node.op,
            scopeOf(node),
            ...(node.optional ? [text.run.optional] : []),
            ...counts,
          ].join(" · ")}
        </p>
      </header>
      <div class="stage-parts">
        {sum.total > 1 && (
          <Cells
            key={node.name}
            tasks={stage.tasks}
            chosen={task?.id ?? null}
            onChoose={onChoose}
          />
        )}
        {sum.total === 0 ? (
          <p class="field-hint">{text.run.noTasksYet}</p>
        ) : task === undefined ? (
          <p class="field-hint">{text.run.chooseTask}</p>
        ) : (
          <TaskStory key={task.id} videoId={videoId} task={task} />
        )}
      </div>
    </div>
  );
}
