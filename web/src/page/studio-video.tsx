/** The studio page of a video: details, processing, audio tracks, captions and analytics. */

import { useState } from "preact/hooks";

import { Problem } from "../api/client.ts";
import type { ListedVideo } from "../api/shape.ts";
import { Icon } from "../part/Icon.tsx";
import { Empty, Trouble } from "../part/state.tsx";
import { Tabs } from "../part/Tabs.tsx";
import { useAccount } from "../session/session.ts";
import { setTitle, showPage } from "../shell/page.tsx";
import { Analytics } from "../studio/analytics/Analytics.tsx";
import { AudioTracks } from "../studio/audio/AudioTracks.tsx";
import { Captions } from "../studio/caption/Captions.tsx";
import { Details } from "../studio/edit/Details.tsx";
import { Processing } from "../studio/run/Processing.tsx";
import { StateMark } from "../studio/StateMark.tsx";
import { useVideo } from "../studio/use-video.ts";
import { deleteVideos, restoreVideos } from "../studio/videos/deletion.ts";
import { text } from "../text/text.ts";

const id = decodeURIComponent(location.pathname.split("/")[3] ?? "");

function StudioVideo() {
  const { video, tasks, error, load, set } = useVideo(id);
  const account = useAccount();
  const [deletedVideo, setDeletedVideo] = useState<ListedVideo | null>(null);
  const onRestore = (videos: ListedVideo[]): void => {
    if (videos.length === 0) return;
    setDeletedVideo(null);
    load();
  };
  const remove = async (target: ListedVideo): Promise<void> => {
    const [deleted] = await deleteVideos([target], onRestore);
    if (deleted === undefined) return;
    setDeletedVideo(deleted);
    window.scrollTo(0, 0);
  };
  if (deletedVideo !== null) return <InTrash video={deletedVideo} onRestore={onRestore} />;
  if (error !== null) return <Trouble error={error} missing={text.studio.missing} onRetry={load} />;
  if (video === null || account === undefined) return null;
  if (account === null)
    return (
      <Trouble
        error={new Problem(401, "account.unauthenticated", "")}
        missing={text.studio.missing}
        onRetry={load}
      />
    );
  if (account.handle !== video.owner.handle && account.role !== "admin") {
    return <Empty alone title={text.studio.notYours} hint={text.studio.notYoursHint} />;
  }
  setTitle(video.title || text.video.untitled);
  return (
    <>
      <VideoHead video={video} />
      <Tabs
        label={text.studio.videoTabs}
        tabs={[
          {
            name: "details",
            title: text.studio.details,
            show: () => (
              <Details video={video} onChange={set} onDelete={() => void remove(video)} />
            ),
          },
          {
            name: "processing",
            title: text.studio.processing,
            show: () => <Processing video={video} tasks={tasks} />,
          },
          { name: "audio", title: text.audio.title, show: () => <AudioTracks video={video} /> },
          { name: "captions", title: text.captions.title, show: () => <Captions video={video} /> },
          { name: "analytics", title: text.analytics.tab, show: () => <Analytics video={video} /> },
        ]}
      />
    </>
  );
}

function InTrash({
  video,
  onRestore,
}: {
  video: ListedVideo;
  onRestore: (videos: ListedVideo[]) => void;
}) {
  return (
    <Empty alone title={text.trash.isGone(video.title || text.video.untitled)}>
      <div class="actions">
        <button
          type="button"
          class="button"
          onClick={() => void restoreVideos([video]).then(onRestore)}
        >
          {text.trash.restore}
        </button>
        <a class="button button-main" href="/studio">
          {text.studio.back}
        </a>
      </div>
    </Empty>
  );
}

function VideoHead({ video }: { video: ListedVideo }) {
  return (
    <header class="studio-head">
      <a class="icon-button" href="/studio" aria-label={text.studio.back}>
        <Icon name="back" />
      </a>
      <h1 class="page-title">{video.title || text.video.untitled}</h1>
      <StateMark video={video} />
    </header>
  );
}

showPage(text.studio.title, <StudioVideo />);
