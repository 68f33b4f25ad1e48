import { type ComponentChildren, render } from "preact";

import { getElement } from "../part/get-element.ts";
import { applyTheme } from "../preference/theme.ts";
import { text } from "../text/text.ts";
import { Footer, Header } from "./Shell.tsx";

interface PageProps {
  /** middle: for reading and forms; narrow: for one form alone. */
  width?: "wide" | "middle" | "narrow";
}

export function setTitle(title: string): void {
  document.title = title === "" ? "Yeoul" : `${title} · Yeoul`;
}

/** Shows a page with header and footer: `showPage(text.trending.title, <Trending />)`. */
export function showPage(
  title: string,
  content: ComponentChildren,
  { width = "wide" }: PageProps = {},
): void {
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
    getElement("#app"),
  );
}

/** Shows the header of a page with markup of its own. */
export function showHeader(): void {
  applyTheme();
  getElement(".skip").textContent = text.shell.skip;
  render(<Header />, getElement("#header"));
}
