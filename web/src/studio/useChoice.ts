/** How the run is looked at, and which stage and task are chosen; kept in the address. */

import { useEffect, useRef, useState } from "preact/hooks";

import type { TaskView } from "../api/schema";
import { pickStage, pickTask, type StageRun } from "./run";

export const VIEWS = ["graph", "list", "timeline"] as const;
export type View = (typeof VIEWS)[number];

/** null: nothing; undefined: what one wants to see first. */
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
  const query = new URLSearchParams(location.search);
  return { view: VIEWS.find((view) => view === query.get("view")), stage: query.get("stage") ?? undefined, task: query.get("task") ?? undefined };
}

function writeWish(wish: Wish): void {
  const url = new URL(location.href);
  for (const name of ["view", "stage", "task"] as const) {
    const value = wish[name];
    if (value === undefined || value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  history.replaceState(null, "", url);
}

export function useChoice(stages: readonly StageRun[]): Choice {
  const [wish, setWish] = useState(readWish);
  // What is shown first stays, though other stages begin to run.
  const first = useRef<string | undefined>(undefined);
  if (stages.some((stage) => stage.sum.total > 0)) first.current ??= pickStage(stages)?.node.name;
  useEffect(() => {
    const again = (): void => setWish(readWish());
    window.addEventListener("popstate", again);
    return () => {
      window.removeEventListener("popstate", again);
      writeWish({ view: undefined, stage: undefined, task: undefined });
    };
  }, []);
  const change = (part: Partial<Wish>): void => {
    const next = { ...wish, ...part };
    writeWish(next);
    setWish(next);
  };
  const name = wish.stage === undefined ? first.current : wish.stage;
  const stage = stages.find((one) => one.node.name === name);
  return {
    view: wish.view ?? (matchMedia(NARROW).matches ? "list" : "graph"),
    stage,
    task: stage?.tasks.find((task) => task.id === wish.task) ?? (stage === undefined ? undefined : pickTask(stage)),
    pickView: (view) => change({ view }),
    pickStage: (chosen) => change({ stage: chosen, task: undefined }),
    pickTask: (task) => change({ stage: task.stage, task: task.id }),
  };
}
