/** What pages ask of the API beyond ./schema.d.ts. An entry goes away when `npm run types` brings the same operation; what then differs, `npm run check` says. */

import type { VideoView } from "./schema";

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface ChannelSummary {
  handle: string;
  display_name: string;
  avatar: string | null;
  subscribers: number;
}

export interface Channel extends ChannelSummary {
  bio: string;
  videos: number;
  subscribed: boolean;
}

/** A video in a list. What a server leaves out is not shown. */
export type ListedVideo = VideoView & { views?: number; tags?: string[]; channel?: ChannelSummary };

export type Role = "viewer" | "maker" | "moderator" | "admin";

export interface Account {
  id: string;
  handle: string;
  role: Role;
  pipeline: string | null;
  display_name?: string;
  bio?: string;
  avatar?: string | null;
  email?: string;
  confirmed?: boolean;
  language?: string | null;
  keep_history?: boolean;
  used_bytes?: number;
  quota_bytes?: number | null;
  created_at?: string;
}

export interface AccountChange {
  display_name?: string;
  bio?: string;
  email?: string;
  language?: string | null;
  pipeline?: string | null;
  keep_history?: boolean;
}

export interface Session {
  id: string;
  created_at: string;
  last_seen_at: string;
  user_agent: string;
  ip: string;
  current: boolean;
}

export interface Token {
  id: string;
  name: string;
  created_at: string;
  expires_at: string | null;
  last_used_at?: string | null;
}

export interface Playlist {
  id: string;
  title: string;
  description: string;
  visibility: "public" | "unlisted" | "private";
  kind: "plain" | "later";
  videos: number;
  poster?: string | null;
  owner?: { handle: string };
  updated_at?: string;
}

export interface PlaylistEntry {
  id: string;
  video: ListedVideo;
}

export interface HistoryEntry {
  video: ListedVideo;
  position_s: number;
  watched_at: string;
}

export interface Suggestion {
  kind: "video" | "channel";
  text: string;
  handle?: string;
}

export interface Found extends Page<ListedVideo> {
  did_you_mean?: string | null;
  channels?: ChannelSummary[];
}

interface Operation<Answer, Body = undefined> {
  body: Body;
  answer: Answer;
}

export interface Planned {
  "GET /feed": Operation<Page<ListedVideo>>;
  "GET /trending": Operation<Page<ListedVideo>>;
  "GET /search": Operation<Found>;
  "GET /search/suggest": Operation<{ items: Suggestion[] }>;
  "GET /channels/{handle}": Operation<Channel>;
  "GET /channels/{handle}/videos": Operation<Page<ListedVideo>>;
  "PUT /channels/{handle}/subscription": Operation<void>;
  "DELETE /channels/{handle}/subscription": Operation<void>;
  "GET /subscriptions": Operation<Page<ChannelSummary>>;
  "GET /subscriptions/feed": Operation<Page<ListedVideo>>;
  "GET /playlists": Operation<Page<Playlist>>;
  "POST /playlists": Operation<Playlist, { title: string; description?: string; visibility?: Playlist["visibility"] }>;
  "GET /playlists/{playlist_id}": Operation<Playlist>;
  "PATCH /playlists/{playlist_id}": Operation<Playlist, Partial<Pick<Playlist, "title" | "description" | "visibility">>>;
  "DELETE /playlists/{playlist_id}": Operation<void>;
  "GET /playlists/{playlist_id}/entries": Operation<Page<PlaylistEntry>>;
  "POST /playlists/{playlist_id}/entries": Operation<unknown, { video_id: string }>;
  "PATCH /playlists/{playlist_id}/entries/{entry_id}": Operation<unknown, { after: string | null }>;
  "DELETE /playlists/{playlist_id}/entries/{entry_id}": Operation<void>;
  "GET /history": Operation<Page<HistoryEntry>>;
  "DELETE /history": Operation<void>;
  "DELETE /history/{video_id}": Operation<void>;
  "POST /accounts": Operation<Account, { handle: string; email: string; password: string; display_name?: string }>;
  "GET /accounts/me": Operation<Account>;
  "PATCH /accounts/me": Operation<Account, AccountChange>;
  "PUT /accounts/me/avatar": Operation<Account, Blob>;
  "DELETE /accounts/me/avatar": Operation<void>;
  "POST /accounts/me/password": Operation<void, { current: string; password: string }>;
  "POST /confirmations": Operation<void, { token: string }>;
  "POST /confirmations/resend": Operation<void>;
  "POST /password-resets": Operation<void, { email: string }>;
  "POST /password-resets/confirm": Operation<void, { token: string; password: string }>;
  "GET /sessions": Operation<Page<Session>>;
  "DELETE /sessions": Operation<void>;
  "DELETE /sessions/{session_id}": Operation<void>;
  "GET /tokens": Operation<Page<Token>>;
  "POST /tokens": Operation<Token & { token: string }, { name: string; expires_at?: string | null }>;
  "DELETE /tokens/{token_id}": Operation<void>;
}
