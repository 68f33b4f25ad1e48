/** The studio: one's own videos, and what becomes of them. */

import { Tabs } from "../part/Tabs";
import { showPage } from "../shell/page";
import { Overview } from "../studio/Overview";
import { Trash } from "../studio/Trash";
import { Videos } from "../studio/Videos";
import { text } from "../text/text";

function Studio() {
  return (
    <>
      <h1 class="page-title">{text.studio.title}</h1>
      <Tabs
        label={text.studio.tabs}
        tabs={[
          { name: "videos", title: text.studio.videos, show: () => <Videos /> },
          { name: "analytics", title: text.analytics.tab, show: () => <Overview /> },
          { name: "trash", title: text.trash.title, show: () => <Trash /> },
        ]}
      />
    </>
  );
}

showPage(text.studio.title, <Studio />);
