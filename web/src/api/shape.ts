/** Shorter names for the types of the API that pages pass on. */

import type {
  AccountView,
  ChannelPageView,
  ChannelView,
  EntryView,
  PlaylistView,
  SessionEntry,
  VideoView,
  WatchedView,
} from "./schema.d.ts";

export interface Page<T> {
  items: T[];
  next: string | null;
}

export type ChannelSummary = ChannelView;
export type Channel = ChannelPageView;
export type ListedVideo = VideoView;
export type Account = AccountView;
export type Session = SessionEntry;
export type Playlist = PlaylistView;
export type PlaylistEntry = EntryView;
export type HistoryEntry = WatchedView;
