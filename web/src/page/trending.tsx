/** What many watch these days. */

import { call } from "../api/client";
import { VideoGrid } from "../list/VideoGrid";
import { Empty } from "../part/state";
import { showPage } from "../shell/page";
import { text } from "../text/text";

function Trending() {
  return (
    <>
      <h1 class="page-title">{text.trending.title}</h1>
      <VideoGrid
        of="trending"
        ask={(cursor, signal) => call("GET /trending", { query: { cursor }, signal })}
        empty={<Empty title={text.trending.empty} hint={text.trending.emptyHint} />}
      />
    </>
  );
}

showPage(text.trending.title, <Trending />);
