import { call } from "../api/client.ts";
import type { Account } from "../api/shape.ts";
import { Avatar } from "../list/Avatar.tsx";
import { FileButton } from "../part/FileButton.tsx";
import { Field, Form, Submit } from "../part/form.tsx";
import { setAccount } from "../session/session.ts";
import { useAction } from "../shell/outcome.ts";
import { toast } from "../shell/toast.ts";
import { formatBytes } from "../text/format.ts";
import { text } from "../text/text.ts";

const AVATAR_MAX_BYTES = 5_000_000;
const AVATAR_FORMATS = "image/png,image/jpeg,image/webp,image/gif";

/** The public profile of the account, and its storage. */
export function Profile({ account }: { account: Account }) {
  const save = async (values: Record<string, string>): Promise<void> => {
    setAccount(
      await call("PATCH /accounts/me", {
        body: { display_name: values.display_name ?? "", bio: values.bio ?? "" },
      }),
    );
    toast(text.form.saved);
  };
  return (
    <div class="settings-parts">
      <div class="settings-column">
        <AvatarPicker account={account} />
        {account.used_bytes !== undefined && (
          <Storage used={account.used_bytes} quota={account.quota_bytes ?? null} />
        )}
      </div>
      <Form onSend={save} class="form settings-part">
        {(state) => (
          <>
            <Field
              name="display_name"
              label={text.settings.displayName}
              state={state}
              input={{ value: account.display_name ?? "", maxLength: 80, autocomplete: "name" }}
            />
            <Field
              name="bio"
              label={text.settings.bio}
              hint={text.settings.bioHint}
              state={state}
              type="area"
              input={{ value: account.bio ?? "", maxLength: 1000 }}
            />
            <Submit state={state} label={text.form.save} />
          </>
        )}
      </Form>
    </div>
  );
}

function AvatarPicker({ account }: { account: Account }) {
  const [busy, act] = useAction();
  const change = (request: () => Promise<unknown>, words: string): Promise<void> =>
    act(async () => {
      await request();
      setAccount(await call("GET /accounts/me"));
    }, words);
  const choose = (file: File): void => {
    if (file.size > AVATAR_MAX_BYTES) toast(text.settings.avatarBig, "bad");
    else
      void change(() => call("PUT /accounts/me/avatar", { body: file }), text.settings.avatarSaved);
  };
  return (
    <section class="settings-part" aria-labelledby="picture">
      <h2 class="part-title" id="picture">
        {text.settings.avatar}
      </h2>
      <div class="picture-row">
        <Avatar
          handle={account.handle}
          name={account.display_name}
          picture={account.avatar}
          size="large"
        />
        <div class="form">
          <p class="field-hint">{text.settings.avatarHint}</p>
          <div class="playlist-actions">
            <FileButton
              class="button button-small"
              accept={AVATAR_FORMATS}
              label={text.settings.avatarChoose}
              disabled={busy}
              onFile={choose}
            >
              {text.settings.avatarChoose}
            </FileButton>
            {account.avatar && (
              <button
                type="button"
                class="button button-small button-quiet"
                disabled={busy}
                onClick={() =>
                  void change(() => call("DELETE /accounts/me/avatar"), text.settings.avatarRemoved)
                }
              >
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
      <p class="field-hint">
        {quota === null
          ? text.settings.storageFree(formatBytes(used))
          : text.settings.storageUsed(formatBytes(used), formatBytes(quota))}
      </p>
    </section>
  );
}
