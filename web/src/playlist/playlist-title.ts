import type { Playlist } from "../api/shape.ts";
import { text } from "../text/text.ts";

/** Returns the title of a playlist; "Watch later" has one in the page's language. */
export function playlistTitle(playlist: Playlist): string {
  return playlist.kind === "later" ? text.playlist.later : playlist.title;
}
