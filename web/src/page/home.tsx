/** The home page: trending and latest videos, and the subscriptions of the account. */

import { call } from "../api/client.ts";
import type { ListedVideo } from "../api/shape.ts";
import { SubscriptionFeed } from "../list/SubscriptionFeed.tsx";
import { usePages } from "../list/use-pages.ts";
import { VideoCard } from "../list/VideoCard.tsx";
import { ShownGrid, Skeletons } from "../list/VideoGrid.tsx";
import { Empty } from "../part/state.tsx";
import { Tabs } from "../part/Tabs.tsx";
import { useAccount } from "../session/session.ts";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

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
            { name: "all", title: text.home.all, show: () => <AllVideos /> },
            {
              name: "subscriptions",
              title: text.home.subscriptions,
              show: () => <SubscriptionFeed />,
            },
          ]}
        />
      ) : (
        <AllVideos />
      )}
    </>
  );
}

/** Both lists appear together: an empty trending list would otherwise shift the layout. */
function AllVideos() {
  const trending = usePages("trending", (cursor, signal) =>
    call("GET /trending", { query: { cursor, limit: TRENDING_SHOWN }, signal }),
  );
  const feed = usePages("feed", (cursor, signal) =>
    call("GET /feed", { query: { cursor }, signal }),
  );
  if (trending.first || feed.first) return <Skeletons />;
  return (
    <>
      {trending.items.length > 0 && (
        <TrendingRow videos={trending.items.slice(0, TRENDING_SHOWN)} />
      )}
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
