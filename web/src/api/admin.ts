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
  stage: string;
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
  error: { code: string; message: string } | null;
  dag: string;
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
}

const ROOT = "/api/v1";

/** Reads the queues. Raises ApiError. */
export function getQueues(): Promise<Queues> {
  return getJson<Queues>(`${ROOT}/admin/queues`);
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
