import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { Account } from "../api/shape.ts";
import { Avatar } from "../list/Avatar.tsx";
import { Icon } from "../part/Icon.tsx";
import { Menu, MenuButton, MenuChoice, MenuLink } from "../part/Menu.tsx";
import { LANGUAGES, type Language, language, setLanguage } from "../preference/language.ts";
import { setTheme, type Theme, theme } from "../preference/theme.ts";
import { signInUrl, signOut } from "../session/session.ts";
import { text } from "../text/text.ts";

function pickLanguage(name: Language, account: Account | null): void {
  if (name === language) return;
  const saved =
    account === null ? Promise.resolve() : call("PATCH /accounts/me", { body: { language: name } });
  // This page follows the choice even if it cannot be saved to the account.
  void saved.catch(() => undefined).then(() => setLanguage(name));
}

function Preferences({ account }: { account: Account | null }) {
  const [shown, setShown] = useState<Theme>(theme);
  const pickTheme = (name: Theme): void => {
    setTheme(name);
    setShown(name);
  };
  return (
    <>
      <MenuChoice
        label={text.shell.theme}
        options={text.shell.themes}
        value={shown}
        onPick={(name) => pickTheme(name as Theme)}
      />
      <MenuChoice
        label={text.shell.language}
        options={LANGUAGES}
        value={language}
        onPick={(name) => pickLanguage(name as Language, account)}
      />
    </>
  );
}

/** The menu of the account; for guests, language and theme beside the sign-in button. */
export function AccountMenu({ account }: { account: Account | null | undefined }) {
  if (account === undefined) return <span class="avatar avatar-small" aria-hidden="true" />;
  if (account === null) {
    return (
      <>
        <Menu label={text.shell.preferences} face={<Icon name="gear" />}>
          <Preferences account={null} />
        </Menu>
        <a class="button button-small" href={signInUrl()}>
          {text.shell.signIn}
        </a>
      </>
    );
  }
  const channel = `/c/${encodeURIComponent(account.handle)}`;
  return (
    <Menu
      label={text.shell.account}
      buttonClass="avatar-button"
      face={<Avatar handle={account.handle} name={account.display_name} picture={account.avatar} />}
    >
      <p class="menu-head">
        <strong>{account.display_name || account.handle}</strong>
        <span>@{account.handle}</span>
      </p>
      <div class="menu-group">
        <MenuLink href={channel}>{text.shell.channel}</MenuLink>
        {account.role !== "viewer" && <MenuLink href="/studio">{text.shell.studio}</MenuLink>}
        <MenuLink href={`${channel}?tab=playlists`}>{text.shell.playlists}</MenuLink>
        <MenuLink href="/history">{text.nav.history}</MenuLink>
        <MenuLink href="/settings">{text.shell.settings}</MenuLink>
        {account.role === "admin" && <MenuLink href="/admin">{text.shell.admin}</MenuLink>}
      </div>
      <Preferences account={account} />
      <div class="menu-group">
        <MenuButton onPick={() => void signOut()}>{text.shell.signOut}</MenuButton>
      </div>
    </Menu>
  );
}
