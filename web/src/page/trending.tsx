/** The trending page. */

import { call } from "../api/client.ts";
import { VideoGrid } from "../list/VideoGrid.tsx";
import { Empty } from "../part/state.tsx";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

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
