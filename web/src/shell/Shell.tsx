/** The frame of every page: header, navigation, notices and footer. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { Account } from "../api/shape.ts";
import { Icon, type IconName } from "../part/Icon.tsx";
import { IconButton } from "../part/IconButton.tsx";
import { useAccount } from "../session/session.ts";
import { text } from "../text/text.ts";
import { AccountMenu } from "./AccountMenu.tsx";
import { toastOutcome } from "./outcome.ts";
import { SearchBox } from "./SearchBox.tsx";
import { Toasts } from "./Toasts.tsx";

const SECTIONS: { href: string; name: keyof typeof text.nav; icon: IconName }[] = [
  { href: "/", name: "home", icon: "home" },
  { href: "/trending", name: "trending", icon: "trending" },
  { href: "/subscriptions", name: "subscriptions", icon: "subscriptions" },
  { href: "/history", name: "history", icon: "history" },
];

export function Header() {
  const account = useAccount();
  const [searching, setSearching] = useState(false);
  return (
    <>
      <header class={searching ? "top top-searching" : "top"}>
        <div class="top-start">
          <a class="brand" href="/" aria-label={text.shell.home}>
            <Brand />
            <span class="brand-name">Yeoul</span>
          </a>
          <Sections />
        </div>
        <div class="top-search">
          {searching && (
            <IconButton
              icon="back"
              label={text.shell.closeSearch}
              onClick={() => setSearching(false)}
            />
          )}
          <SearchBox
            key={String(searching)}
            {...(searching ? { onClose: () => setSearching(false) } : {})}
          />
        </div>
        <div class="top-end">
          <button
            type="button"
            class="icon-button top-search-open"
            aria-label={text.shell.openSearch}
            onClick={() => setSearching(true)}
          >
            <Icon name="search" />
          </button>
          {account != null && account.role !== "viewer" && (
            <a
              class="section top-studio"
              href="/studio"
              aria-current={location.pathname.startsWith("/studio") ? "page" : undefined}
            >
              {text.shell.studio}
            </a>
          )}
          {account?.role !== "viewer" && (
            <a
              class="button button-small button-main top-upload"
              href="/upload"
              aria-label={text.shell.upload}
            >
              <Icon name="upload" size={18} />
              <span>{text.shell.upload}</span>
            </a>
          )}
          <AccountMenu account={account} />
        </div>
      </header>
      <Offline />
      {account?.confirmed === false && <Unconfirmed account={account} />}
      <Toasts />
    </>
  );
}

function Brand() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <path class="brand-wave" d="M3 20c4 0 4-4 8.5-4s4.5 4 9 4 4.5-4 8.5-4" />
      <path class="brand-wave brand-wave-2" d="M3 26c4 0 4-4 8.5-4s4.5 4 9 4 4.5-4 8.5-4" />
      <path class="brand-play" d="M13 3.500v9.500l8-4.750z" />
    </svg>
  );
}

/** In the header of wide windows, at the lower edge of narrow ones. */
function Sections() {
  return (
    <nav class="sections" aria-label={text.shell.sections}>
      {SECTIONS.map(({ href, name, icon }) => (
        <a
          key={href}
          class="section"
          href={href}
          aria-current={location.pathname === href ? "page" : undefined}
        >
          <Icon name={icon} />
          <span>{text.nav[name]}</span>
        </a>
      ))}
    </nav>
  );
}

function Offline() {
  const [isOffline, setIsOffline] = useState(!navigator.onLine);
  useEffect(() => {
    const update = (): void => setIsOffline(!navigator.onLine);
    window.addEventListener("online", update);
    window.addEventListener("offline", update);
    return () => {
      window.removeEventListener("online", update);
      window.removeEventListener("offline", update);
    };
  }, []);
  return <div role="status">{isOffline && <p class="banner">{text.shell.offline}</p>}</div>;
}

function Unconfirmed({ account }: { account: Account }) {
  return (
    <aside class="banner" aria-label={text.shell.notice}>
      {text.shell.unconfirmed(account.email ?? "")}
      <button
        type="button"
        class="link-button"
        onClick={() => toastOutcome(call("POST /confirmations/resend"), text.shell.resent)}
      >
        {text.shell.resend}
      </button>
    </aside>
  );
}

export function Footer() {
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: contentinfo can be named.
    <footer class="foot" aria-label={text.shell.footer}>
      <span>Yeoul</span>
      <a href="/feed.xml">{text.shell.feed}</a>
    </footer>
  );
}
