/** Language and theme; both hold for this browser, the language for the account's mails, too. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import { Select } from "../part/form";
import { language, LANGUAGES, setLanguage, type Language } from "../preference/language";
import { setTheme, theme, type Theme } from "../preference/theme";
import { text } from "../text/text";

export function Appearance() {
  const [shown, setShown] = useState<Theme>(theme);
  const pickLanguage = (name: string): void => {
    void call("PATCH /accounts/me", { body: { language: name as Language } })
      .catch(() => undefined)
      .then(() => setLanguage(name as Language));
  };
  const pickTheme = (name: string): void => {
    setTheme(name as Theme);
    setShown(name as Theme);
  };
  return (
    <div class="settings-parts">
      <div class="form settings-part">
        <Select name="theme" label={text.shell.theme} options={text.shell.themes} value={shown} onPick={pickTheme} />
        <Select name="language" label={text.shell.language} options={LANGUAGES} value={language} onPick={pickLanguage} />
      </div>
    </div>
  );
}
