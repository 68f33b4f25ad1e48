/** One's own account: profile, security, tokens, webhooks, appearance. */

import { Problem } from "../api/client";
import { Trouble } from "../part/state";
import { Tabs } from "../part/Tabs";
import { useAccount } from "../session/session";
import { Appearance } from "../settings/Appearance";
import { Profile } from "../settings/Profile";
import { Security } from "../settings/Security";
import { Tokens } from "../settings/Tokens";
import { Webhooks } from "../settings/Webhooks";
import { showPage } from "../shell/page";
import { text } from "../text/text";

function Settings() {
  const account = useAccount();
  if (account === undefined) return null;
  if (account === null) return <Trouble error={new Problem(401, "account.unauthenticated", "")} onRetry={() => location.reload()} />;
  return (
    <Tabs
      label={text.settings.tabs}
      tabs={[
        { name: "profile", title: text.settings.profile, show: () => <Profile account={account} /> },
        { name: "security", title: text.settings.security, show: () => <Security account={account} /> },
        { name: "tokens", title: text.settings.tokens, show: () => <Tokens /> },
        { name: "webhooks", title: text.webhooks.title, show: () => <Webhooks /> },
        { name: "appearance", title: text.settings.appearance, show: () => <Appearance /> },
      ]}
    />
  );
}

showPage(
  text.settings.title,
  <>
    <h1 class="page-title">{text.settings.title}</h1>
    <Settings />
  </>,
  { width: "middle" },
);
