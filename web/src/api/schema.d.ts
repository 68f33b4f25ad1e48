/** The API's types. Made from its OpenAPI document by scripts/api_types.py: change the API, then `npm run types`. */

export interface AccountChange {
  display_name?: string;
  bio?: string;
  email?: string | null;
  pipeline?: string | null;
  language?: "en" | "ko" | null;
  keep_history?: boolean;
}

export interface AccountView {
  id: string;
  handle: string;
  display_name: string;
  bio: string;
  avatar: string | null;
  email: string;
  pending_email: string | null;
  confirmed: boolean;
  role: string;
  pipeline: string | null;
  language: string | null;
  used_bytes: number;
  quota_bytes: number | null;
  keep_history: boolean;
  created_at: string;
}

export interface AdminAccountChange {
  role?: Role;
  quota_bytes?: number | null;
  disabled?: boolean;
}

export interface AdminAccountPage {
  items: AdminAccountView[];
  next: string | null;
}

export interface AdminAccountView {
  id: string;
  handle: string;
  display_name: string;
  avatar: string | null;
  email: string;
  confirmed: boolean;
  role: string;
  disabled: boolean;
  used_bytes: number;
  quota_bytes: number | null;
  created_at: string;
}

export interface AnalyticsView {
  since: string;
  until: string;
  views: number;
  watch_s: number;
  average_view_s: number;
  finished: number;
  retention: BucketView[];
  by_day: DayView[];
  devices: DeviceView[];
  qualities: QualityView[];
  switches: number;
  stalls: StallsView;
  startup_ms: number | null;
  errors: number;
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
  title?: string | null;
  role?: "main" | "dub" | "description" | "commentary";
}

export interface AudioTrackList {
  items: AudioTrackView[];
  next?: null;
}

export interface AudioTrackView {
  name: string;
  language: string | null;
  label: string;
  role: "main" | "dub" | "description" | "commentary";
  origin: "file" | "added";
  state: "uploading" | "processing" | "ready" | "failed" | "left_out";
  error: ErrorView | null;
  channels: number;
}

export interface AudioUploadView {
  track: AudioTrackView;
  method: string;
  url: string | null;
  path: string | null;
  headers: Record<string, string>;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  action: string;
  target: string;
  detail: Record<string, unknown>;
}

export interface AuditPage {
  items: AuditEntry[];
  next: string | null;
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

export interface BucketView {
  share: number;
}

export interface CandidateView {
  time_s: number;
  sheet: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface CaptionFile {
  language?: string | null;
  label: string;
  webvtt: string;
}

export interface CaptionFileBody {
  data: string;
  file_name?: string;
  language?: string | null;
  encoding?: "utf-8" | "utf-16" | "utf-32" | "cp949" | "cp932" | "euc_jp" | "iso2022_jp" | "gb18030" | "big5" | "cp1251" | "koi8_r" | "cp1250" | "cp1252" | "cp1253" | "cp1254" | "cp1255" | "cp1256" | "cp1257" | "cp1258" | "cp874" | null;
}

export interface CaptionView {
  language: string | null;
  label: string;
  url: string;
}

export interface CaptionsList {
  items: CaptionsView[];
  next?: null;
}

export interface CaptionsView {
  name: string;
  language: string | null;
  label: string;
  origin: "file" | "added";
  webvtt_url: string;
}

export interface ChannelPage {
  items: ChannelPageView[];
  next: string | null;
}

export interface ChannelPageView {
  handle: string;
  display_name: string;
  bio: string;
  avatar: string | null;
  subscribers: number;
  videos: number;
  subscribed: boolean;
}

export interface ChannelView {
  handle: string;
  display_name: string;
  avatar: string | null;
  subscribers: number;
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

export interface Confirmation {
  token: string;
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

export interface DayView {
  day: string;
  views: number;
  watch_s: number;
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

export interface DeliveryPage {
  items: DeliveryView[];
  next: string | null;
}

export interface DeliveryView {
  id: string;
  type: string;
  state: string;
  attempts: number;
  status: number | null;
  error: string | null;
  duration_s: number | null;
  created_at: string;
  attempted_at: string | null;
  next_attempt_at: string | null;
}

export interface DeviceView {
  name: string;
  views: number;
  watch_s: number;
}

export type Duration = "short" | "medium" | "long";

export interface Embed {
  version?: string;
  type?: string;
  provider_name?: string;
  provider_url: string;
  title: string;
  author_name: string;
  author_url: string;
  thumbnail_url: string | null;
  thumbnail_width: number | null;
  thumbnail_height: number | null;
  width: number;
  height: number;
  html: string;
}

export interface EntryMove {
  after: string | null;
}

export interface EntryPage {
  items: EntryView[];
  next: string | null;
}

export interface EntryView {
  id: string;
  added_at: string;
  video: VideoView | null;
}

export interface ErrorView {
  code: string;
  message: string;
  facts: Record<string, unknown>;
}

export interface FileEnds {
  first: string;
  last: string;
  size_bytes: number;
}

export interface FileView {
  container?: string | null;
  video?: string | null;
  audio?: string | null;
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

export interface MadeToken {
  id: string;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  token: string;
}

export interface MadeWebhook {
  id: string;
  url: string;
  events: WebhookEvent[];
  active: boolean;
  off_reason: string | null;
  failing_since: string | null;
  created_at: string;
  secret: string;
}

export interface NewAccount {
  handle: string;
  email: string;
  password: string;
  display_name?: string;
  language?: "en" | "ko" | null;
}

export interface NewCaptions {
  language: string;
  label: string;
  webvtt?: string | null;
  srt?: string | null;
}

export interface NewEntry {
  video_id: string;
}

export interface NewPassword {
  token: string;
  password: string;
}

export interface NewPlaylist {
  title: string;
  description?: string;
  visibility?: Visibility;
}

export interface NewToken {
  name: string;
  expires_at?: string | null;
  scopes?: Scope[];
}

export interface NewTrack {
  language?: string | null;
  label?: string;
  role?: "main" | "dub" | "description" | "commentary";
  size_bytes: number;
  sha256: string;
  sound?: SoundFile | null;
}

export interface NewVideo {
  title?: string;
  description?: string;
  visibility?: Visibility;
  tags?: string[];
  pipeline?: string | null;
}

export interface NewWebhook {
  url: string;
  events?: WebhookEvent[];
}

export interface Notice {
  code: "pictures_lost" | "picture_held" | "times_repaired" | "audio_left_out" | "video_left_out" | "downmixed" | "tone_mapped" | "alpha_left_out";
  count?: number | null;
}

export interface NoticeView {
  code: "pictures_lost" | "picture_held" | "times_repaired" | "audio_left_out" | "video_left_out" | "downmixed" | "tone_mapped" | "alpha_left_out";
  count: number | null;
}

export interface OpenUpload {
  mode: "pieces" | "whole";
  file_name: string;
  size_bytes: number;
  fingerprint: string;
  source?: Source | null;
  captions?: CaptionFile[];
}

export type Order = "new" | "old" | "views" | "title";

export interface OverloadView {
  level: string;
  wait_s: number;
  parked_runs: number;
}

export interface OverviewView {
  since: string;
  until: string;
  views: number;
  watch_s: number;
  average_view_s: number;
  by_day: DayView[];
  top: TopView[];
}

export interface OwnerView {
  handle: string;
}

export interface PasswordChange {
  current: string;
  password: string;
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

export interface PlaylistChange {
  title?: string | null;
  description?: string | null;
  visibility?: Visibility | null;
}

export interface PlaylistPage {
  items: PlaylistView[];
  next: string | null;
}

export interface PlaylistView {
  id: string;
  kind: "list" | "later";
  title: string;
  description: string;
  visibility: Visibility;
  owner: OwnerView;
  entries: number;
  created_at: string;
  updated_at: string;
}

export interface Position {
  position_s: number;
}

export interface PostersView {
  poster: string | null;
  chosen: boolean;
  items: CandidateView[];
  next?: null;
}

export interface Priority {
  priority: "first" | "normal" | "last";
}

export interface ProcessRequest {
  pipeline?: string | null;
}

export interface QualityView {
  name: string;
  watch_s: number;
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
  slots: Slots;
  wait_s: number;
  not_before: string | null;
  started_at: string | null;
  lease_until: string | null;
  error: Record<string, unknown> | null;
  dag: string;
  ended_at: string | null;
  optional: boolean;
  story: string;
}

export interface QueuesView {
  task_queue: TaskQueue;
  worker_queue: WorkerView[];
  running_queue: QueuedTask[];
  overload: OverloadView;
  failed: QueuedTask[];
}

export interface ReadCaptionsView {
  webvtt: string;
  encoding: string;
  slips: SlipView[];
}

export interface RenditionView {
  name: string;
  kind: string;
  width: number;
  height: number;
  codecs: string;
  frame_rate: number;
  bandwidth_bps: number;
  channels: number;
  language: string | null;
  label: string;
  role: "main" | "dub" | "description" | "commentary" | null;
}

export interface ResetRequest {
  email: string;
}

export interface RetryRequest {
  piece?: number | null;
  rung?: string | null;
}

export type Role = "viewer" | "maker" | "moderator" | "admin";

export type Scope = "read" | "write" | "admin";

export interface SessionEntry {
  id: string;
  created_at: string;
  last_seen_at: string;
  user_agent: string;
  ip: string;
  current: boolean;
}

export interface SessionPage {
  items: SessionEntry[];
  next: string | null;
}

export interface SessionView {
  token: string;
}

export interface SettingList {
  items: SettingView[];
  next?: null;
}

export interface SettingView {
  name: string;
  description: string;
  value: boolean | number | string;
  default: boolean | number | string;
  started: boolean | number | string;
  changed: boolean;
}

export type Since = "day" | "week" | "month" | "year";

export interface SlipView {
  line: number;
  message: string;
}

export interface Slots {
  cpu: number;
  memory_bytes: number;
  gpu: number;
  tags: string[];
}

export type Sort = "relevance" | "new" | "views";

export interface SoundFile {
  tick?: TimeBase | null;
  start_ns?: number;
  end_sample?: number | null;
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
  notices?: Notice[];
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
  scope: "video" | "piece" | "rung" | "track";
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
  renditions: boolean;
}

export interface StageEdge {
  source: string;
  target: string;
  bends: [number, number][];
}

export interface StageGraph {
  nodes: StageNode[];
  edges: StageEdge[];
  height: number;
}

export interface StageNode {
  name: string;
  stages: string[];
  op: string;
  scope: "video" | "piece" | "rung" | "track";
  pieces: string;
  optional: boolean;
  layer: number;
  middle: number;
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

export interface StagesView {
  run: string;
  edition: number;
  is_shown: boolean;
  state: string;
  pipeline: string;
  graph: StageGraph;
}

export interface StallsView {
  count: number;
  s: number;
  share_of_watch: number;
}

export interface Step {
  at: number;
  event: Record<string, unknown>;
  gave: Record<string, unknown>[];
}

export interface StorageOwner {
  id: string;
  handle: string;
  used_bytes: number;
  quota_bytes: number | null;
}

export interface StorageView {
  buckets: Record<string, number>;
  owners: StorageOwner[];
  free_bytes: number | null;
  sent_bytes: Record<string, number>;
}

export interface Suggestions {
  videos: TitleView[];
  channels: string[];
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

export interface TitleView {
  id: string;
  title: string;
}

export interface TokenPage {
  items: TokenView[];
  next: string | null;
}

export interface TokenView {
  id: string;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

export interface TopView {
  video: VideoView;
  views: number;
  watch_s: number;
}

export interface TrackChange {
  language?: string | null;
  label?: string;
  role?: "main" | "dub" | "description" | "commentary";
}

export interface TrashPage {
  items: TrashedView[];
  next: string | null;
  days: number;
}

export interface TrashedView {
  video: VideoView;
  trashed_at: string;
  freed_at: string;
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
  path: string | null;
  headers: Record<string, string>;
}

export interface VideoChange {
  title?: string | null;
  description?: string | null;
  visibility?: Visibility | null;
  tags?: string[] | null;
  hidden?: boolean | null;
}

export interface VideoPage {
  items: VideoView[];
  next: string | null;
}

export type VideoState = "created" | "uploading" | "processing" | "playable" | "ready" | "failed" | "deleted";

export interface VideoTrack {
  codec: string;
  width: number;
  height: number;
  time_base: TimeBase;
  sar?: TimeBase;
  coded_sar?: TimeBase | null;
  rotation_deg?: 0 | 90 | 180 | 270;
  mirrored?: boolean;
  pix_fmt?: string | null;
  bit_depth?: number;
  colour_primaries?: "bt709" | "bt470m" | "bt470bg" | "smpte170m" | "smpte240m" | "film" | "bt2020" | "smpte428" | "smpte431" | "smpte432" | "ebu3213" | null;
  colour_transfer?: "bt709" | "bt470m" | "bt470bg" | "smpte170m" | "smpte240m" | "linear" | "log100" | "log316" | "iec61966-2-4" | "bt1361e" | "iec61966-2-1" | "bt2020-10" | "bt2020-12" | "smpte2084" | "smpte428" | "arib-std-b67" | null;
  colour_matrix?: "gbr" | "bt709" | "fcc" | "bt470bg" | "smpte170m" | "smpte240m" | "ycgco" | "bt2020nc" | "bt2020c" | "smpte2085" | "chroma-derived-nc" | "chroma-derived-c" | "ictcp" | null;
  colour_range?: "tv" | "pc" | null;
  interlaced?: boolean;
  frame_rate: number;
  frames?: number | null;
}

export interface VideoView {
  id: string;
  title: string;
  description: string;
  visibility: string;
  hidden: boolean;
  state: string;
  error: ErrorView | null;
  notice: ErrorView | null;
  notices: NoticeView[];
  owner: OwnerView;
  channel: ChannelView;
  tags: string[];
  views: number;
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

export interface WatchedPage {
  items: WatchedView[];
  next: string | null;
}

export interface WatchedView {
  video: VideoView;
  position_s: number;
  watched_at: string;
}

export interface WebhookChange {
  url?: string | null;
  events?: WebhookEvent[] | null;
  active?: boolean | null;
}

export type WebhookEvent = "video.created" | "video.playable" | "video.ready" | "video.failed" | "video.trashed" | "video.restored" | "video.deleted";

export interface WebhookPage {
  items: WebhookView[];
  next: string | null;
}

export interface WebhookView {
  id: string;
  url: string;
  events: WebhookEvent[];
  active: boolean;
  off_reason: string | null;
  failing_since: string | null;
  created_at: string;
}

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
  "PUT /accounts/me/avatar": { body: Blob; answer: AccountView };
  "DELETE /accounts/me/avatar": { body: undefined; answer: void };
  "POST /accounts/me/password": { body: PasswordChange; answer: void };
  "GET /admin/accounts": { body: undefined; answer: AdminAccountPage };
  "PATCH /admin/accounts/{account_id}": { body: AdminAccountChange; answer: AdminAccountView };
  "GET /admin/audit": { body: undefined; answer: AuditPage };
  "GET /admin/queues": { body: undefined; answer: QueuesView };
  "GET /admin/settings": { body: undefined; answer: SettingList };
  "PATCH /admin/settings": { body: Record<string, boolean | number | string | null>; answer: SettingList };
  "GET /admin/storage": { body: undefined; answer: StorageView };
  "POST /admin/tasks/{task_id}/cancel": { body: undefined; answer: unknown };
  "POST /admin/tasks/{task_id}/priority": { body: Priority; answer: unknown };
  "POST /admin/tasks/{task_id}/retry": { body: undefined; answer: unknown };
  "GET /analytics": { body: undefined; answer: OverviewView };
  "GET /avatars/{account_id}/{digest}.jpg": { body: undefined; answer: Blob };
  "POST /beacons": { body: { session: string; video_id: string; seq: number; events: ({ kind: "start" | "time" | "stall" | "quality" | "end" | "error"; at_s: number; position_s: number; from_s?: number | null; played_s: number; stall_s: number; startup_ms?: number | null; rung?: string | null; })[]; } | Blob; answer: unknown };
  "GET /channels/{handle}": { body: undefined; answer: ChannelPageView };
  "PUT /channels/{handle}/subscription": { body: undefined; answer: void };
  "DELETE /channels/{handle}/subscription": { body: undefined; answer: void };
  "GET /channels/{handle}/videos": { body: undefined; answer: VideoPage };
  "POST /confirmations": { body: Confirmation; answer: void };
  "POST /confirmations/resend": { body: undefined; answer: unknown };
  "GET /feed": { body: undefined; answer: VideoPage };
  "GET /history": { body: undefined; answer: WatchedPage };
  "DELETE /history": { body: undefined; answer: void };
  "DELETE /history/{video_id}": { body: undefined; answer: void };
  "POST /password-resets": { body: ResetRequest; answer: unknown };
  "POST /password-resets/confirm": { body: NewPassword; answer: void };
  "GET /pipelines": { body: undefined; answer: PipelineList };
  "GET /playlists": { body: undefined; answer: PlaylistPage };
  "POST /playlists": { body: NewPlaylist; answer: PlaylistView };
  "GET /playlists/{playlist_id}": { body: undefined; answer: PlaylistView };
  "PATCH /playlists/{playlist_id}": { body: PlaylistChange; answer: PlaylistView };
  "DELETE /playlists/{playlist_id}": { body: undefined; answer: void };
  "GET /playlists/{playlist_id}/entries": { body: undefined; answer: EntryPage };
  "POST /playlists/{playlist_id}/entries": { body: NewEntry; answer: EntryView };
  "PATCH /playlists/{playlist_id}/entries/{entry_id}": { body: EntryMove; answer: void };
  "DELETE /playlists/{playlist_id}/entries/{entry_id}": { body: undefined; answer: void };
  "GET /search": { body: undefined; answer: VideoPage };
  "GET /search/suggest": { body: undefined; answer: Suggestions };
  "GET /sessions": { body: undefined; answer: SessionPage };
  "POST /sessions": { body: Credentials; answer: SessionView };
  "DELETE /sessions": { body: undefined; answer: void };
  "DELETE /sessions/{session_id}": { body: undefined; answer: void };
  "GET /subscriptions": { body: undefined; answer: ChannelPage };
  "GET /subscriptions/feed": { body: undefined; answer: VideoPage };
  "GET /tokens": { body: undefined; answer: TokenPage };
  "POST /tokens": { body: NewToken; answer: MadeToken };
  "DELETE /tokens/{token_id}": { body: undefined; answer: void };
  "GET /trash": { body: undefined; answer: TrashPage };
  "GET /trending": { body: undefined; answer: VideoPage };
  "GET /uploads": { body: undefined; answer: UploadPage };
  "POST /uploads/probe": { body: FileEnds; answer: FileView };
  "GET /uploads/{upload_id}": { body: undefined; answer: UploadView };
  "POST /uploads/{upload_id}/complete": { body: Complete; answer: UploadView };
  "POST /uploads/{upload_id}/landed": { body: Landed; answer: void };
  "POST /uploads/{upload_id}/urls": { body: UrlRequest; answer: UrlList };
  "GET /videos": { body: undefined; answer: VideoPage };
  "POST /videos": { body: NewVideo; answer: VideoView };
  "GET /videos/{video_id}": { body: undefined; answer: VideoView };
  "PATCH /videos/{video_id}": { body: VideoChange; answer: VideoView };
  "DELETE /videos/{video_id}": { body: undefined; answer: void };
  "GET /videos/{video_id}/analytics": { body: undefined; answer: AnalyticsView };
  "GET /videos/{video_id}/audio": { body: undefined; answer: AudioTrackList };
  "POST /videos/{video_id}/audio": { body: NewTrack; answer: AudioUploadView };
  "PATCH /videos/{video_id}/audio/{name}": { body: TrackChange; answer: AudioTrackView };
  "DELETE /videos/{video_id}/audio/{name}": { body: undefined; answer: void };
  "POST /videos/{video_id}/audio/{name}/landed": { body: undefined; answer: AudioTrackView };
  "GET /videos/{video_id}/captions": { body: undefined; answer: CaptionsList };
  "POST /videos/{video_id}/captions/read": { body: CaptionFileBody; answer: ReadCaptionsView };
  "GET /videos/{video_id}/captions/{name}": { body: undefined; answer: Blob };
  "PUT /videos/{video_id}/captions/{name}": { body: NewCaptions; answer: CaptionsView };
  "DELETE /videos/{video_id}/captions/{name}": { body: undefined; answer: void };
  "GET /videos/{video_id}/dag": { body: undefined; answer: DagView };
  "GET /videos/{video_id}/dag/history": { body: undefined; answer: History };
  "GET /videos/{video_id}/dag/stages": { body: undefined; answer: StagesView };
  "GET /videos/{video_id}/dag/stages.svg": { body: undefined; answer: void };
  "GET /videos/{video_id}/dag/tasks/{task_id}": { body: undefined; answer: TaskStory };
  "POST /videos/{video_id}/dag/tasks/{task_id}/retry": { body: undefined; answer: unknown };
  "GET /videos/{video_id}/dag/timeline": { body: undefined; answer: Timeline };
  "GET /videos/{video_id}/dag/timeline.svg": { body: undefined; answer: void };
  "GET /videos/{video_id}/events": { body: undefined; answer: void };
  "GET /videos/{video_id}/position": { body: undefined; answer: Position };
  "PUT /videos/{video_id}/position": { body: Position; answer: void };
  "PUT /videos/{video_id}/poster": { body: Blob | { time_s: number; }; answer: VideoView };
  "DELETE /videos/{video_id}/poster": { body: undefined; answer: void };
  "GET /videos/{video_id}/posters": { body: undefined; answer: PostersView };
  "POST /videos/{video_id}/process": { body: ProcessRequest | null; answer: VideoView };
  "GET /videos/{video_id}/related": { body: undefined; answer: VideoPage };
  "POST /videos/{video_id}/restore": { body: undefined; answer: VideoView };
  "POST /videos/{video_id}/retry": { body: RetryRequest | null; answer: VideoView };
  "GET /videos/{video_id}/source": { body: undefined; answer: void };
  "POST /videos/{video_id}/upload": { body: OpenUpload; answer: UploadView };
  "GET /webhooks": { body: undefined; answer: WebhookPage };
  "POST /webhooks": { body: NewWebhook; answer: MadeWebhook };
  "PATCH /webhooks/{webhook_id}": { body: WebhookChange; answer: WebhookView };
  "DELETE /webhooks/{webhook_id}": { body: undefined; answer: void };
  "GET /webhooks/{webhook_id}/deliveries": { body: undefined; answer: DeliveryPage };
  "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": { body: undefined; answer: DeliveryView };
  "POST /webhooks/{webhook_id}/test": { body: undefined; answer: DeliveryView };
}
