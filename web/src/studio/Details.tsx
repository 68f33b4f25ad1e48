/** What a video says of itself, and who may see it. */

import type { ListedVideo } from "../api/shape";

export function Details({ video }: { video: ListedVideo }) {
  return <p>{video.description}</p>;
}
