/** One's own videos. */

import { call } from "../api/client";
import { VideoGrid } from "../list/VideoGrid";
import { Empty } from "../part/state";
import { text } from "../text/text";

export function Videos() {
  return (
    <VideoGrid of="own" ask={(cursor, signal) => call("GET /videos", { query: { cursor }, signal })} empty={<Empty title={text.home.empty} hint={text.home.emptyHint} />} />
  );
}
