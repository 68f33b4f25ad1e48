/** The home page: what is trending, the newest videos, and, for who follows channels, theirs. */

import { call } from "../api/client";
import type { ListedVideo } from "../api/shape";
import { SubscriptionFeed } from "../list/SubscriptionFeed";
import { usePages } from "../list/usePages";
import { VideoCard } from "../list/VideoCard";
import { ShownGrid, Skeletons } from "../list/VideoGrid";
import { Empty } from "../part/state";
import { Tabs } from "../part/Tabs";
import { useAccount } from "../session/session";
import { showPage } from "../shell/page";
import { text } from "../text/text";

const TRENDING_SHOWN = 6;

function Home() {
  const account = useAccount();
  return (
    <>
      <h1 class="hidden-words">{text.home.title}</h1>
      {account !== null ? (
        <Tabs
          label={text.home.tabs}
          tabs={[
            { name: "all", title: text.home.all, show: () => <Everything /> },
            { name: "subscriptions", title: text.home.subscriptions, show: () => <SubscriptionFeed /> },
          ]}
        />
      ) : (
        <Everything />
      )}
    </>
  );
}

/** Both lists show together: where nothing is trending, nothing is to move up. */
function Everything() {
  const trending = usePages("trending", (cursor, signal) => call("GET /trending", { query: { cursor, limit: TRENDING_SHOWN }, signal }));
  const feed = usePages("feed", (cursor, signal) => call("GET /feed", { query: { cursor }, signal }));
  if (trending.first || feed.first) return <Skeletons />;
  return (
    <>
      {trending.items.length > 0 && <TrendingRow videos={trending.items.slice(0, TRENDING_SHOWN)} />}
      <section aria-labelledby="latest">
        <h2 class="part-title" id="latest">
          {text.home.latest}
        </h2>
        <ShownGrid pages={feed} empty={<NoVideos />} card={{ heading: "h3" }} />
      </section>
    </>
  );
}

function NoVideos() {
  return (
    <Empty title={text.home.empty} hint={text.home.emptyHint}>
      <a class="button button-main" href="/upload">
        {text.shell.upload}
      </a>
    </Empty>
  );
}

function TrendingRow({ videos }: { videos: ListedVideo[] }) {
  return (
    <section class="shelf" aria-labelledby="trending">
      <header class="part-head">
        <h2 class="part-title" id="trending">
          {text.home.trending}
        </h2>
        <a class="quiet-link" href="/trending">
          {text.home.seeAll}
        </a>
      </header>
      <ul class="shelf-row">
        {videos.map((video) => (
          <li key={video.id} class="shelf-card">
            <VideoCard video={video} eager heading="h3" />
          </li>
        ))}
      </ul>
    </section>
  );
}

showPage("", <Home />);
