/** One of one's own videos: what it says, the work on it, its captions, how it is watched. */

import { useState } from "preact/hooks";

import { Problem } from "../api/client";
import type { ListedVideo } from "../api/shape";
import { Icon } from "../part/Icon";
import { Empty, Trouble } from "../part/state";
import { Tabs } from "../part/Tabs";
import { useAccount } from "../session/session";
import { setTitle, showPage } from "../shell/page";
import { Analytics } from "../studio/Analytics";
import { AudioTracks } from "../studio/AudioTracks";
import { Captions } from "../studio/Captions";
import { deleteVideos, restoreVideos } from "../studio/deletion";
import { Details } from "../studio/Details";
import { Processing } from "../studio/Processing";
import { StateMark } from "../studio/StateMark";
import { useVideo } from "../studio/useVideo";
import { text } from "../text/text";

const id = decodeURIComponent(location.pathname.split("/")[3] ?? "");

function StudioVideo() {
  const { video, tasks, error, load, set } = useVideo(id);
  const account = useAccount();
  const [gone, setGone] = useState<ListedVideo | null>(null);
  const back = (videos: ListedVideo[]): void => {
    if (videos.length === 0) return;
    setGone(null);
    load();
  };
  const remove = async (one: ListedVideo): Promise<void> => {
    const [deleted] = await deleteVideos([one], back);
    if (deleted === undefined) return;
    setGone(deleted);
    window.scrollTo(0, 0);
  };
  if (gone !== null) return <InTrash video={gone} onBack={back} />;
  if (error !== null) return <Trouble error={error} missing={text.studio.missing} onRetry={load} />;
  if (video === null || account === undefined) return null;
  if (account === null) return <Trouble error={new Problem(401, "account.unauthenticated", "")} missing={text.studio.missing} onRetry={load} />;
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
          { name: "details", title: text.studio.details, show: () => <Details video={video} onChange={set} onDelete={() => void remove(video)} /> },
          { name: "processing", title: text.studio.processing, show: () => <Processing video={video} tasks={tasks} /> },
          { name: "audio", title: text.audio.title, show: () => <AudioTracks video={video} /> },
          { name: "captions", title: text.captions.title, show: () => <Captions video={video} /> },
          { name: "analytics", title: text.analytics.tab, show: () => <Analytics video={video} /> },
        ]}
      />
    </>
  );
}

function InTrash({ video, onBack }: { video: ListedVideo; onBack: (videos: ListedVideo[]) => void }) {
  return (
    <Empty alone title={text.trash.isGone(video.title || text.video.untitled)}>
      <div class="actions">
        <button type="button" class="button" onClick={() => void restoreVideos([video]).then(onBack)}>
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
