/** The home page: what is trending, the newest videos, and, for who follows channels, theirs. */

import { call } from "../api/client";
import { usePages } from "../list/usePages";
import { VideoCard } from "../list/VideoCard";
import { Skeleton, VideoGrid } from "../list/VideoGrid";
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
            { name: "subscriptions", title: text.home.subscriptions, show: () => <Subscribed /> },
          ]}
        />
      ) : (
        <Everything />
      )}
    </>
  );
}

function Everything() {
  return (
    <>
      <TrendingRow />
      <h2 class="part-title">{text.home.latest}</h2>
      <VideoGrid of="feed" ask={(cursor, signal) => call("GET /feed", { query: { cursor }, signal })} empty={<NoVideos />} card={{ heading: "h3" }} />
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

/** One row; it keeps its place while it loads, and gives it up where nothing is trending. */
function TrendingRow() {
  const pages = usePages("trending", (cursor, signal) => call("GET /trending", { query: { cursor, limit: TRENDING_SHOWN }, signal }));
  if (!pages.first && pages.items.length === 0) return null;
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
      <ul class="shelf-row" aria-busy={pages.first}>
        {pages.first
          ? Array.from({ length: TRENDING_SHOWN }, (_, index) => (
              <li key={index} class="shelf-card" aria-hidden="true">
                <Skeleton />
              </li>
            ))
          : pages.items.slice(0, TRENDING_SHOWN).map((video) => (
              <li key={video.id} class="shelf-card">
                <VideoCard video={video} eager heading="h3" />
              </li>
            ))}
      </ul>
    </section>
  );
}

function Subscribed() {
  const empty = (
    <Empty title={text.subscriptions.empty} hint={text.subscriptions.emptyHint}>
      <a class="button" href="/trending">
        {text.subscriptions.explore}
      </a>
    </Empty>
  );
  return <VideoGrid of="subscriptions" ask={(cursor, signal) => call("GET /subscriptions/feed", { query: { cursor }, signal })} empty={empty} />;
}

showPage("", <Home />);
