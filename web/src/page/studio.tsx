/** The studio: the account's videos, their analytics and the trash. */

import { Tabs } from "../part/Tabs.tsx";
import { showPage } from "../shell/page.tsx";
import { Overview } from "../studio/analytics/Overview.tsx";
import { Trash } from "../studio/videos/Trash.tsx";
import { Videos } from "../studio/videos/Videos.tsx";
import { text } from "../text/text.ts";

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
