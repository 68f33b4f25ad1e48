/** Puts a page into the shell: `showPage(text.trending.title, <Trending />)`. */

import { render, type ComponentChildren } from "preact";

import { find } from "../find";
import { applyTheme } from "../preference/theme";
import { text } from "../text/text";
import { Footer, Header } from "./Shell";

interface PageProps {
  /** middle: for reading and forms; narrow: for one form alone. */
  width?: "wide" | "middle" | "narrow";
}

export function setTitle(title: string): void {
  document.title = title === "" ? "Yeoul" : `${title} · Yeoul`;
}

export function showPage(title: string, content: ComponentChildren, { width = "wide" }: PageProps = {}): void {
  applyTheme();
  setTitle(title);
  render(
    <>
      <a class="skip" href="#main">
        {text.shell.skip}
      </a>
      <Header />
      <main id="main" class={`page page-${width}`} tabIndex={-1}>
        {content}
      </main>
      <Footer />
    </>,
    find("#app"),
  );
}

/** The header of a page whose content is in its own markup. */
export function showHeader(): void {
  applyTheme();
  find(".skip").textContent = text.shell.skip;
  render(<Header />, find("#header"));
}
