import { useEffect, useRef, useState } from "preact/hooks";

import type { TaskView } from "../../api/schema.d.ts";
import { readQuery, replaceQuery, usePopState } from "../../part/query.ts";
import { pickStage, pickTask, type StageRun } from "./stage-run.ts";

export const VIEWS = ["graph", "list", "timeline"] as const;
export type View = (typeof VIEWS)[number];

/** The choice in the page's address. null: nothing. undefined: the default. */
interface Wish {
  view: View | undefined;
  stage: string | null | undefined;
  task: string | undefined;
}

export interface Choice {
  view: View;
  stage: StageRun | undefined;
  task: TaskView | undefined;
  pickView: (view: View) => void;
  pickStage: (name: string | null) => void;
  pickTask: (task: Pick<TaskView, "id" | "stage">) => void;
}

const NARROW = "(max-width: 719px)";

function readWish(): Wish {
  const view = readQuery("view");
  return {
    view: VIEWS.find((name) => name === view),
    stage: readQuery("stage") ?? undefined,
    task: readQuery("task") ?? undefined,
  };
}

/** Keeps the view of a run, and the chosen stage and task, in the page's address. */
export function useChoice(stages: readonly StageRun[]): Choice {
  const [wish, setWish] = useState(readWish);
  // The first choice stays when other stages start.
  const first = useRef<string | undefined>(undefined);
  if (stages.some((stage) => stage.sum.total > 0)) first.current ??= pickStage(stages)?.node.name;
  usePopState(() => setWish(readWish()));
  useEffect(() => () => replaceQuery({ view: null, stage: null, task: null }), []);
  const change = (part: Partial<Wish>): void => {
    const next = { ...wish, ...part };
    replaceQuery({ ...next });
    setWish(next);
  };
  const name = wish.stage === undefined ? first.current : wish.stage;
  const stage = stages.find(({ node }) => node.name === name);
  return {
    view: wish.view ?? (matchMedia(NARROW).matches ? "list" : "graph"),
    stage,
    task:
      stage?.tasks.find((task) => task.id === wish.task) ??
      (stage === undefined ? undefined : pickTask(stage)),
    pickView: (view) => change({ view }),
    pickStage: (chosen) => change({ stage: chosen, task: undefined }),
    pickTask: (task) => change({ stage: task.stage, task: task.id }),
  };
}
