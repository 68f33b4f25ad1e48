import { useState } from "preact/hooks";

import { Problem } from "../../api/client.ts";
import type { StagesView, TaskView } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { Icon } from "../../part/Icon.tsx";
import { Menu, MenuButton, MenuLink } from "../../part/Menu.tsx";
import { Segments } from "../../part/Segments.tsx";
import { Empty, Trouble } from "../../part/state.tsx";
import { formatSeconds } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import { FailureCard } from "./FailureCard.tsx";
import { Reprocess } from "./Reprocess.tsx";
import { StageDetail } from "./StageDetail.tsx";
import { StageGraph } from "./StageGraph.tsx";
import { StageList } from "./StageList.tsx";
import { StateBar } from "./StateBar.tsx";
import { makeStages, sumUp } from "./stage-run.ts";
import { Timeline } from "./Timeline.tsx";
import { type Choice, useChoice, VIEWS } from "./use-choice.ts";
import { useRun } from "./use-run.ts";

interface ProcessingProps {
  video: ListedVideo;
  tasks: readonly TaskView[];
}

/** The newest run of a video: its stages and tasks, with their failures and retries. */
export function Processing({ video, tasks }: ProcessingProps) {
  const { stages, error, load } = useRun(video, tasks);
  // Both are shown together, since the number of tasks would shift the layout.
  if (stages !== null && tasks.length > 0) return <Run video={video} tasks={tasks} run={stages} />;
  if (error instanceof Problem && error.status === 404)
    return <Empty title={text.run.none} hint={text.run.noneHint} />;
  if (error !== null) return <Trouble error={error} onRetry={load} />;
  return <div class="run-bone skeleton" role="status" aria-label={text.state.loading} />;
}

function Run({ video, tasks, run }: ProcessingProps & { run: StagesView }) {
  const stages = makeStages(run.graph.nodes, tasks);
  const choice = useChoice(stages);
  const ended = run.state !== "open";
  const show = (task: Pick<TaskView, "id" | "stage">): void => {
    choice.pickTask(task);
    requestAnimationFrame(() =>
      document
        .querySelector(".task-story")
        ?.scrollIntoView({ block: "nearest", behavior: "smooth" }),
    );
  };
  const detail =
    choice.stage === undefined ? null : (
      <StageDetail videoId={video.id} stage={choice.stage} task={choice.task} onChoose={show} />
    );
  const common = { stages, chosen: choice.stage?.node.name ?? null, ended };
  return (
    <div class="run">
      <RunHead video={video} tasks={tasks} run={run} choice={choice} />
      <FailureCard video={video} tasks={tasks} onShow={show} />
      {choice.view === "graph" && (
        <>
          <StageGraph
            graph={run.graph}
            {...common}
            onChoose={(stage) => choice.pickStage(stage.node.name)}
          />
          {detail}
        </>
      )}
      {choice.view === "list" && (
        <StageList
          {...common}
          onChoose={(stage) => choice.pickStage(stage === choice.stage ? null : stage.node.name)}
        >
          {detail}
        </StageList>
      )}
      {choice.view === "timeline" && (
        <Timeline videoId={video.id} ended={ended} onChoose={show}>
          {detail}
        </Timeline>
      )}
    </div>
  );
}

function RunHead({
  video,
  tasks,
  run,
  choice,
}: ProcessingProps & { run: StagesView; choice: Choice }) {
  const [asking, setAsking] = useState(false);
  const sum = sumUp(tasks);
  const counts = [
    text.run.doneOf(sum.done, sum.total),
    ...(sum.running > 0 ? [text.run.running(sum.running)] : []),
    ...(sum.failed > 0 ? [text.run.failed(sum.failed)] : []),
    text.run.cpu(formatSeconds(tasks.reduce((total, task) => total + task.cpu_s, 0))),
  ];
  const dag = `/api/v1/videos/${encodeURIComponent(video.id)}/dag`;
  return (
    <header class="run-head">
      <div class="run-words">
        <p class="run-title">
          {text.run.states[run.state as keyof typeof text.run.states] ?? run.state}
          <span class="run-by">
            {[
              text.run.by(run.pipeline),
              ...(run.edition > 1 ? [text.run.edition(run.edition)] : []),
              ...(run.is_shown ? [] : [text.run.notShown]),
            ].join(" · ")}
          </span>
        </p>
        <p class="field-hint run-counts" role="status">
          {counts.join(" · ")}
        </p>
        <StateBar sum={sum} />
      </div>
      <Segments
        label={text.run.views}
        choices={VIEWS.map((view) => [view, text.run.viewNames[view]] as const)}
        value={choice.view}
        onChange={choice.pickView}
      />
      <Menu label={text.run.more} face={<Icon name="more" />}>
        {run.state !== "open" && (
          <MenuButton onPick={() => setAsking(true)}>{text.run.again}</MenuButton>
        )}
        <MenuLink href={`${dag}/stages.svg`}>{text.run.stagesSvg}</MenuLink>
        <MenuLink href={`${dag}/timeline.svg`}>{text.run.timelineSvg}</MenuLink>
        <MenuLink href={`${dag}/history`}>{text.run.history}</MenuLink>
      </Menu>
      {asking && <Reprocess video={video} onClose={() => setAsking(false)} />}
    </header>
  );
}
