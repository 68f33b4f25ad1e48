/** The player beside what is edited: it does not start by itself, and says where it stands. */

import { useEffect, useRef } from "preact/hooks";

import type { ListedVideo } from "../api/shape";
import type { Video } from "../api/video";
import type { YeoulPlayer } from "../player/yeoul-player";

interface StudioPlayerProps {
  video: ListedVideo;
  /** Gets the media element when it is there. */
  onMedia: (media: HTMLVideoElement) => void;
}

export function StudioPlayer({ video, onMedia }: StudioPlayerProps) {
  const frame = useRef<HTMLDivElement>(null);
  const player = useRef<YeoulPlayer | null>(null);
  useEffect(() => {
    let left = false;
    void import("../player/yeoul-player").then(() => {
      if (left || frame.current === null) return;
      const made = document.createElement("yeoul-player") as YeoulPlayer;
      frame.current.append(made);
      player.current = made;
      made.media.addEventListener("play", () => made.media.pause(), { once: true });
      made.video = video as Video;
      onMedia(made.media);
    });
    return () => {
      left = true;
      player.current?.remove();
    };
  }, [video.id]);
  return <div class="studio-player" ref={frame} />;
}
