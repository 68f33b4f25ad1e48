/** How others see one: name, words, picture; and how much room is used. */

import { useRef, useState } from "preact/hooks";

import { call } from "../api/client";
import type { Account } from "../api/shape";
import { Avatar } from "../list/Avatar";
import { Field, Form, Submit } from "../part/form";
import { setAccount } from "../session/session";
import { toast } from "../shell/toast";
import { formatBytes } from "../text/format";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

const AVATAR_MAX_BYTES = 5_000_000;

export function Profile({ account }: { account: Account }) {
  const save = async (values: Record<string, string>): Promise<void> => {
    setAccount(await call("PATCH /accounts/me", { body: { display_name: values["display_name"] ?? "", bio: values["bio"] ?? "" } }));
    toast(text.form.saved);
  };
  return (
    <div class="settings-parts">
      <div class="settings-column">
        <Picture account={account} />
        {account.used_bytes !== undefined && <Storage used={account.used_bytes} quota={account.quota_bytes ?? null} />}
      </div>
      <Form onSend={save} class="form settings-part">
        {(state) => (
          <>
            <Field name="display_name" label={text.settings.displayName} state={state} input={{ value: account.display_name ?? "", maxLength: 80, autocomplete: "name" }} />
            <Field name="bio" label={text.settings.bio} hint={text.settings.bioHint} state={state} type="area" input={{ value: account.bio ?? "", maxLength: 1000 }} />
            <Submit state={state} label={text.form.save} />
          </>
        )}
      </Form>
    </div>
  );
}

function Picture({ account }: { account: Account }) {
  const file = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const act = async (done: () => Promise<unknown>, said: string): Promise<void> => {
    setBusy(true);
    try {
      await done();
      setAccount(await call("GET /accounts/me"));
      toast(said);
    } catch (error) {
      toast(sayProblem(error), "bad");
    }
    setBusy(false);
  };
  const choose = (): void => {
    const picked = file.current?.files?.[0];
    if (picked === undefined) return;
    if (picked.size > AVATAR_MAX_BYTES) toast(text.settings.avatarBig, "bad");
    else void act(() => call("PUT /accounts/me/avatar", { body: picked }), text.settings.avatarSaved);
  };
  return (
    <section class="settings-part" aria-labelledby="picture">
      <h2 class="part-title" id="picture">
        {text.settings.avatar}
      </h2>
      <div class="picture-row">
        <Avatar handle={account.handle} name={account.display_name} picture={account.avatar} size="large" />
        <div class="form">
          <p class="field-hint">{text.settings.avatarHint}</p>
          <div class="playlist-actions">
            <input ref={file} type="file" accept="image/png,image/jpeg,image/webp,image/gif" hidden onChange={choose} />
            <button type="button" class="button button-small" disabled={busy} onClick={() => file.current?.click()}>
              {text.settings.avatarChoose}
            </button>
            {account.avatar && (
              <button type="button" class="button button-small button-quiet" disabled={busy} onClick={() => void act(() => call("DELETE /accounts/me/avatar"), text.settings.avatarRemoved)}>
                {text.settings.avatarRemove}
              </button>
            )}
          </div>
        </div>
      </div>
    </section>
  );
}

function Storage({ used, quota }: { used: number; quota: number | null }) {
  return (
    <section class="settings-part" aria-labelledby="storage">
      <h2 class="part-title" id="storage">
        {text.settings.storage}
      </h2>
      {quota !== null && <progress max={quota} value={used} aria-labelledby="storage" />}
      <p class="field-hint">{quota === null ? text.settings.storageFree(formatBytes(used)) : text.settings.storageUsed(formatBytes(used), formatBytes(quota))}</p>
    </section>
  );
}
