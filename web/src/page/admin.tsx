/** The admins' page: queues, people, storage, settings, and what was done. */

import { Audit } from "../admin/Audit";
import { LiveSettings } from "../admin/LiveSettings";
import { People } from "../admin/People";
import { Queues } from "../admin/Queues";
import { Storage } from "../admin/Storage";
import { Empty } from "../part/state";
import { Tabs } from "../part/Tabs";
import { signInUrl, useAccount } from "../session/session";
import { showPage } from "../shell/page";
import { text } from "../text/text";

function Admin() {
  const account = useAccount();
  if (account === undefined) return null;
  if (account === null || account.role !== "admin") {
    return (
      <Empty title={text.admin.onlyAdmins} hint={account === null ? text.admin.signInHint : account.role === "moderator" ? text.admin.moderatorHint : text.admin.notOne(account.handle)}>
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
