import { useEffect, useRef } from "preact/hooks";

import type { ListedVideo } from "../api/shape.ts";
import type { Video } from "../api/video.ts";
import type { YeoulPlayer } from "../player/yeoul-player.ts";

interface StudioPlayerProps {
  video: ListedVideo;
  /** Called with the media element once it exists. */
  onMedia: (media: HTMLVideoElement) => void;
}

/**
 * The player in the studio. It does not start by itself, and gives its media element to the page.
 */
export function StudioPlayer({ video, onMedia }: StudioPlayerProps) {
  const frame = useRef<HTMLDivElement>(null);
  const player = useRef<YeoulPlayer | null>(null);
  useEffect(() => {
    let left = false;
    void import("../player/yeoul-player.ts").then(() => {
      if (left || frame.current === null) return;
      const element = document.createElement("yeoul-player") as YeoulPlayer;
      frame.current.append(element);
      player.current = element;
      element.media.addEventListener("play", () => element.media.pause(), { once: true });
      element.video = video as Video;
      onMedia(element.media);
    });
    return () => {
      left = true;
      player.current?.remove();
    };
  }, [video.id]);
  return <div class="studio-player" ref={frame} />;
}
