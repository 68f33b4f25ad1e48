/** What the API says of the resource manager's queues (GET /api/v1/admin/queues), and what an admin may do with a task. */

import { ApiError, getJson, problem } from "./video";

export interface Slots {
  cpu: number;
  memory_bytes: number;
  gpu: number;
  tags: string[];
}

export interface QueuedTask {
  id: string;
  video: string;
  account: string;
  handle: string;
  stage: string;
  op: string;
  piece: number | null;
  rung: string | null;
  state: string;
  attempt: number;
  failures: number;
  worker: string | null;
  progress: number;
  wait_s: number;
  not_before: string | null;
  started_at: string | null;
  lease_until: string | null;
  ended_at: string | null;
  optional: boolean;
  error: Failure | null;
}

export interface Failure {
  code: string;
  message: string;
}

export interface Attempt {
  number: number;
  worker: string;
  outcome: "done" | "failed" | "lost" | "put_back" | "cancelled" | null;
  error: Failure | null;
  ready_at: string | null;
  started_at: string;
  ended_at: string | null;
  cpu_s: number;
  read_bytes: number;
  written_bytes: number;
}

/** A task with all its attempts in order. ready_at is in the future while its next attempt is put off. */
export interface Story {
  task: {
    id: string;
    stage: string;
    op: string;
    piece: number | null;
    rung: string | null;
    state: "waiting" | "ready" | "running" | "done" | "failed" | "cancelled";
    progress: number;
    error: Failure | null;
    ready_at: string | null;
  };
  attempts: Attempt[];
}

export interface Worker {
  id: string;
  dispatcher: string;
  slots: Slots;
  free: Slots;
  seen_at: string;
  quarantined_until: string | null;
  reason: string | null;
}

export interface Queues {
  task_queue: { head: QueuedTask[]; by_state: Record<string, number>; by_account: Record<string, number>; oldest_wait_s: number };
  worker_queue: Worker[];
  running_queue: QueuedTask[];
  overload: { level: "normal" | "defer" | "park"; wait_s: number; parked_runs: number };
  failed: QueuedTask[];
}

const ROOT = "/api/v1";

/** Reads the queues. Raises ApiError. */
export function getQueues(): Promise<Queues> {
  return getJson<Queues>(`${ROOT}/admin/queues`);
}

/** Reads the story of a task. Raises ApiError. */
export function getStory(video: string, task: string): Promise<Story> {
  return getJson<Story>(`${dagUrl(video)}/tasks/${encodeURIComponent(task)}`);
}

/** Address of what is known of a video's run; its drawings are at /stages.svg and /timeline.svg below it. */
export function dagUrl(video: string): string {
  return `${ROOT}/videos/${encodeURIComponent(video)}/dag`;
}

/** The handle of who is signed in. Raises ApiError. */
export async function getHandle(): Promise<string> {
  return (await getJson<{ handle: string }>(`${ROOT}/accounts/me`)).handle;
}

/** Lets a task run again or now. Raises ApiError. */
export function retryTask(id: string): Promise<void> {
  return post(`admin/tasks/${encodeURIComponent(id)}/retry`, {});
}

/** Ends a task badly. Raises ApiError. */
export function cancelTask(id: string): Promise<void> {
  return post(`admin/tasks/${encodeURIComponent(id)}/cancel`, {});
}

/** Moves a task that waits. Raises ApiError. */
export function prioritise(id: string, priority: "first" | "normal" | "last"): Promise<void> {
  return post(`admin/tasks/${encodeURIComponent(id)}/priority`, { priority });
}

/** Opens a session; the browser keeps its cookie. Raises ApiError. */
export function signIn(handle: string, password: string): Promise<void> {
  return post("sessions", { handle, password });
}

async function post(path: string, body: unknown): Promise<void> {
  const sent = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`${ROOT}/${path}`, sent).catch((cause: unknown) => {
    throw new ApiError(0, "network", cause instanceof Error ? cause.message : "no answer");
  });
  if (!response.ok) throw await problem(response);
}
