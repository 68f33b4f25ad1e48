/** The settings of the account: profile, security, API tokens, webhooks and appearance. */

import { Problem } from "../api/client.ts";
import { Trouble } from "../part/state.tsx";
import { Tabs } from "../part/Tabs.tsx";
import { useAccount } from "../session/session.ts";
import { Appearance } from "../settings/Appearance.tsx";
import { Profile } from "../settings/Profile.tsx";
import { Security } from "../settings/Security.tsx";
import { Tokens } from "../settings/Tokens.tsx";
import { Webhooks } from "../settings/Webhooks.tsx";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

function Settings() {
  const account = useAccount();
  if (account === undefined) return null;
  if (account === null)
    return (
      <Trouble
        error={new Problem(401, "account.unauthenticated", "")}
        onRetry={() => location.reload()}
      />
    );
  return (
    <Tabs
      label={text.settings.tabs}
      tabs={[
        {
          name: "profile",
          title: text.settings.profile,
          show: () => <Profile account={account} />,
        },
        {
          name: "security",
          title: text.settings.security,
          show: () => <Security account={account} />,
        },
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
