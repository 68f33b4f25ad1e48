/** The admin page: queues, accounts, storage, settings and audit log. */

import { Audit } from "../admin/Audit.tsx";
import { LiveSettings } from "../admin/LiveSettings.tsx";
import { People } from "../admin/People.tsx";
import { Queues } from "../admin/Queues.tsx";
import { Storage } from "../admin/Storage.tsx";
import { Empty } from "../part/state.tsx";
import { Tabs } from "../part/Tabs.tsx";
import { signInUrl, useAccount } from "../session/session.ts";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

function Admin() {
  const account = useAccount();
  if (account === undefined) return null;
  if (account === null || account.role !== "admin") {
    return (
      <Empty
        title={text.admin.onlyAdmins}
        hint={
          account === null
            ? text.admin.signInHint
            : account.role === "moderator"
              ? text.admin.moderatorHint
              : text.admin.notOne(account.handle)
        }
      >
        <a class="button button-main" href={signInUrl()}>
          {text.shell.signIn}
        </a>
      </Empty>
    );
  }
  return (
    <Tabs
      label={text.admin.tabs}
      tabs={[
        { name: "queues", title: text.admin.queues, show: () => <Queues /> },
        { name: "people", title: text.admin.people, show: () => <People own={account.handle} /> },
        { name: "storage", title: text.admin.storage, show: () => <Storage /> },
        { name: "settings", title: text.admin.settingsTab, show: () => <LiveSettings /> },
        { name: "audit", title: text.admin.audit, show: () => <Audit /> },
      ]}
    />
  );
}

showPage(
  text.admin.title,
  <>
    <h1 class="page-title">{text.admin.title}</h1>
    <Admin />
  </>,
);
