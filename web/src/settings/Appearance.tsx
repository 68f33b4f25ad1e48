import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import { Select } from "../part/form.tsx";
import { LANGUAGES, type Language, language, setLanguage } from "../preference/language.ts";
import { setTheme, type Theme, theme } from "../preference/theme.ts";
import { text } from "../text/text.ts";

/** Language and theme of this browser. The language applies to the account's mails, too. */
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
        <Select
          name="theme"
          label={text.shell.theme}
          options={text.shell.themes}
          value={shown}
          onPick={pickTheme}
        />
        <Select
          name="language"
          label={text.shell.language}
          options={LANGUAGES}
          value={language}
          onPick={pickLanguage}
        />
      </div>
    </div>
  );
}
