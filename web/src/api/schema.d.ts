/** The API's types. Made from its OpenAPI document by scripts/api_types.py: change the API, then `npm run types`. */

export interface AccountChange {
  pipeline: string | null;
}

export interface AccountView {
  id: string;
  handle: string;
  role: string;
  pipeline: string | null;
}

export interface AttemptView {
  number: number;
  worker: string;
  outcome: string | null;
  error: Record<string, unknown> | null;
  ready_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  cpu_s: number;
  wall_s: number;
  max_rss_bytes: number;
  read_bytes: number;
  written_bytes: number;
  reused: boolean;
}

export interface AudioTrack {
  codec: string;
  sample_rate: number;
  channels: number;
  time_base: TimeBase;
  profile?: string | null;
  bitrate_bps?: number;
  language?: string | null;
}

export interface Bar {
  task: string;
  stage: string;
  piece: number | null;
  rung: string | null;
  op: string;
  attempt: number;
  worker: string;
  lane: number;
  ready_s: number;
  started_s: number;
  ended_s: number | null;
  wait_s: number;
  run_s: number;
  cpu_s: number;
  max_rss_bytes: number;
  read_bytes: number;
  written_bytes: number;
  reused: boolean;
  outcome: string | null;
  error: string | null;
  critical: boolean;
}

export interface CaptionFile {
  language?: string | null;
  label: string;
  webvtt: string;
}

export interface CaptionView {
  language: string | null;
  label: string;
  url: string;
}

export interface Chapter {
  start_s: number;
  end_s: number;
  title: string;
}

export interface ChapterView {
  start_s: number;
  end_s: number;
  title: string;
}

export interface Complete {
  pieces: number;
}

export interface Credentials {
  handle: string;
  password: string;
}

export interface DagView {
  edition: number;
  is_shown: boolean;
  state: string;
  definition: Record<string, unknown>;
  tasks: TaskView[];
}

export interface Declared {
  index: number;
  size_bytes: number;
  sha256: string;
  piece?: Piece | null;
}

export interface Definition {
  name: string;
  description: string;
  ladder: LadderOptions;
  upload: "pieces" | "whole";
  cover: boolean;
  stages: Stage[];
}

export interface ErrorView {
  code: string;
  message: string;
  facts: Record<string, unknown>;
}

export interface History {
  format: number;
  definition: Definition;
  facts: Record<string, boolean | number | string>;
  rungs: string[];
  steps: Step[];
}

export interface LadderOptions {
  max_height: number;
}

export interface Landed {
  indexes: number[];
}

export interface NewAccount {
  handle: string;
  email: string;
  password: string;
}

export interface NewVideo {
  title?: string;
  description?: string;
  visibility?: Visibility;
  pipeline?: string | null;
}

export interface OpenUpload {
  mode: "pieces" | "whole";
  file_name: string;
  size_bytes: number;
  fingerprint: string;
  source?: Source | null;
  captions?: CaptionFile[];
}

export interface OverloadView {
  level: string;
  wait_s: number;
  parked_runs: number;
}

export interface OwnerView {
  handle: string;
}

export interface Piece {
  index: number;
  container?: "nut" | "mp4" | "matroska" | "mpegts";
  start_pts: number;
  end_pts: number;
  base?: number;
  audio_base?: number;
  frames?: number | null;
  audio?: PieceAudio | null;
  last?: boolean;
}

export interface PieceAudio {
  anchor_sample?: number | null;
  end_sample?: number | null;
}

export interface PieceView {
  index: number;
  size_bytes: number;
  sha256: string;
  landed: boolean;
}

export interface PipelineList {
  items: PipelineView[];
  next?: null;
}

export interface PipelineView {
  name: string;
  description: string;
  whole: boolean;
}

export interface PlaybackView {
  hls: string;
  dash: string | null;
  poster: string | null;
  storyboard: string | null;
  chapters: string | null;
  captions: CaptionView[];
}

export interface Priority {
  priority: "first" | "normal" | "last";
}

export interface ProcessRequest {
  pipeline?: string | null;
}

export interface QueuedTask {
  id: string;
  video: string;
  account: string;
  stage: string;
  op: string;
  piece: number | null;
  rung: string | null;
  state: string;
  attempt: number;
  failures: number;
  worker: string | null;
  progress: number;
  slots: Slots;
  wait_s: number;
  not_before: string | null;
  started_at: string | null;
  lease_until: string | null;
  error: Record<string, unknown> | null;
  dag: string;
}

export interface QueuesView {
  task_queue: TaskQueue;
  worker_queue: WorkerView[];
  running_queue: QueuedTask[];
  overload: OverloadView;
}

export interface RenditionView {
  name: string;
  kind: string;
  width: number;
  height: number;
  codecs: string;
  frame_rate: number;
  bandwidth_bps: number;
}

export interface RetryRequest {
  piece?: number | null;
  rung?: string | null;
}

export interface SessionView {
  token: string;
}

export interface Slots {
  cpu: number;
  memory_bytes: number;
  gpu: number;
  tags: string[];
}

export interface Source {
  container: string;
  duration_s: number;
  start_pts: number;
  video: VideoTrack;
  audio?: AudioTrack | null;
  cover?: boolean;
  texts?: TextTrack[];
  chapters?: Chapter[];
}

export interface SourceView {
  width: number;
  height: number;
  frames: number | null;
  frame_rate: number;
  duration_s: number;
  codec: string;
  has_audio: boolean;
  has_video: boolean;
}

export interface Stage {
  name: string;
  op: string;
  scope: "video" | "piece" | "rung";
  pieces: "all" | "opening" | "rest";
  needs: string[];
  when?: string | null;
  with?: Record<string, unknown>;
  slots: StageSlots;
  timeout_s: number;
  retries: number;
  latency_sensitive: boolean;
  optional: boolean;
  group?: string | null;
  version: string;
  looks_at: string[];
}

export interface StageSlots {
  cpu: number;
  memory_mb: number;
  gpu: number;
  tags: string[];
}

export interface StageSum {
  stage: string;
  tasks: number;
  done: number;
  failed: number;
  running: number;
  attempts: number;
  wait_s: number;
  run_s: number;
  cpu_s: number;
  critical: boolean;
}

export interface Step {
  at: number;
  event: Record<string, unknown>;
  gave: Record<string, unknown>[];
}

export interface TaskQueue {
  head: QueuedTask[];
  by_state: Record<string, number>;
  by_stage: Record<string, number>;
  by_account: Record<string, number>;
  oldest_wait_s: number;
}

export interface TaskStory {
  task: TaskView;
  needs: string[];
  attempts: AttemptView[];
}

export interface TaskView {
  id: string;
  stage: string;
  piece: number | null;
  rung: string | null;
  op: string;
  state: string;
  attempt: number;
  failures: number;
  worker: string | null;
  progress: number;
  cpu_s: number;
  error: Record<string, unknown> | null;
  ready_at: string | null;
  started_at: string | null;
  ended_at: string | null;
}

export interface TextTrack {
  stream_index: number;
  codec: string;
  language?: string | null;
  title?: string | null;
}

export interface TimeBase {
  num: number;
  den: number;
}

export interface Timeline {
  run: string;
  state: string;
  began_s: number;
  ended_s: number;
  cpu_s: number;
  stages: StageSum[];
  critical: string[];
  critical_wait_s: number;
  critical_run_s: number;
  bars: Bar[];
}

export interface UploadPage {
  items: UploadView[];
  next: string | null;
  part_bytes: number;
  piece_s: number;
  pipeline: string;
  whole: boolean;
}

export interface UploadView {
  id: string;
  video_id: string;
  mode: string;
  state: string;
  size_bytes: number;
  fingerprint: string;
  part_bytes: number;
  piece_s: number;
  pieces: PieceView[];
}

export interface UrlList {
  urls: UrlView[];
}

export interface UrlRequest {
  pieces: Declared[];
}

export interface UrlView {
  index: number;
  method: string;
  url: string | null;
  headers: Record<string, string>;
}

export interface VideoChange {
  title?: string | null;
  description?: string | null;
  visibility?: Visibility | null;
}

export interface VideoPage {
  items: VideoView[];
  next: string | null;
}

export interface VideoTrack {
  codec: string;
  width: number;
  height: number;
  time_base: TimeBase;
  sar?: TimeBase;
  rotation_deg?: 0 | 90 | 180 | 270;
  mirrored?: boolean;
  pix_fmt?: string | null;
  bit_depth?: number;
  colour_primaries?: string | null;
  colour_transfer?: string | null;
  colour_matrix?: string | null;
  colour_range?: string | null;
  interlaced?: boolean;
  frame_rate: number;
  frames?: number | null;
}

export interface VideoView {
  id: string;
  title: string;
  description: string;
  visibility: string;
  state: string;
  error: ErrorView | null;
  notice: ErrorView | null;
  owner: OwnerView;
  pipeline: string;
  created_at: string;
  updated_at: string;
  playable_at: string | null;
  ready_at: string | null;
  duration_s: number | null;
  source: SourceView | null;
  progress: number;
  renditions: RenditionView[];
  dropped: Record<string, ErrorView>;
  chapters: ChapterView[];
  playback: PlaybackView | null;
  poster: string | null;
  sidecars: Record<string, string>;
  dag: string;
  watch: string;
}

export type Visibility = "public" | "unlisted" | "private";

export interface WorkerView {
  id: string;
  dispatcher: string;
  slots: Slots;
  free: Slots;
  seen_at: string | null;
  quarantined_until: string | null;
  reason: string | null;
}

/** What each operation is sent and answers. */
export interface Operations {
  "POST /accounts": { body: NewAccount; answer: AccountView };
  "GET /accounts/me": { body: undefined; answer: AccountView };
  "PATCH /accounts/me": { body: AccountChange; answer: AccountView };
  "GET /admin/queues": { body: undefined; answer: QueuesView };
  "POST /admin/tasks/{task_id}/cancel": { body: undefined; answer: unknown };
  "POST /admin/tasks/{task_id}/priority": { body: Priority; answer: unknown };
  "POST /admin/tasks/{task_id}/retry": { body: undefined; answer: unknown };
  "GET /feed": { body: undefined; answer: VideoPage };
  "GET /pipelines": { body: undefined; answer: PipelineList };
  "POST /sessions": { body: Credentials; answer: SessionView };
  "DELETE /sessions/current": { body: undefined; answer: void };
  "GET /uploads": { body: undefined; answer: UploadPage };
  "GET /uploads/{upload_id}": { body: undefined; answer: UploadView };
  "POST /uploads/{upload_id}/complete": { body: Complete; answer: UploadView };
  "POST /uploads/{upload_id}/landed": { body: Landed; answer: void };
  "POST /uploads/{upload_id}/urls": { body: UrlRequest; answer: UrlList };
  "GET /videos": { body: undefined; answer: VideoPage };
  "POST /videos": { body: NewVideo; answer: VideoView };
  "GET /videos/{video_id}": { body: undefined; answer: VideoView };
  "PATCH /videos/{video_id}": { body: VideoChange; answer: VideoView };
  "DELETE /videos/{video_id}": { body: undefined; answer: void };
  "GET /videos/{video_id}/dag": { body: undefined; answer: DagView };
  "GET /videos/{video_id}/dag/history": { body: undefined; answer: History };
  "GET /videos/{video_id}/dag/stages.svg": { body: undefined; answer: void };
  "GET /videos/{video_id}/dag/tasks/{task_id}": { body: undefined; answer: TaskStory };
  "GET /videos/{video_id}/dag/timeline": { body: undefined; answer: Timeline };
  "GET /videos/{video_id}/dag/timeline.svg": { body: undefined; answer: void };
  "GET /videos/{video_id}/events": { body: undefined; answer: void };
  "POST /videos/{video_id}/process": { body: ProcessRequest | null; answer: VideoView };
  "POST /videos/{video_id}/retry": { body: RetryRequest | null; answer: VideoView };
  "GET /videos/{video_id}/source": { body: undefined; answer: void };
  "POST /videos/{video_id}/upload": { body: OpenUpload; answer: UploadView };
}
