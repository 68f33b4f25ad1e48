/** The button that follows a channel, or leaves it. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { Channel } from "../api/shape";
import { Icon } from "../part/Icon";
import { signInUrl, useAccount } from "../session/session";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

export function Subscribe({ channel, onChange }: { channel: Channel; onChange: (channel: Channel) => void }) {
  const account = useAccount();
  const [busy, setBusy] = useState(false);
  const name = channel.display_name || channel.handle;
  if (account === null) {
    return (
      <a class="button button-main" href={signInUrl()}>
        {text.channel.subscribe}
      </a>
    );
  }
  const turn = async (): Promise<void> => {
    const on = !channel.subscribed;
    setBusy(true);
    try {
      await call(on ? "PUT /channels/{handle}/subscription" : "DELETE /channels/{handle}/subscription", { path: { handle: channel.handle } });
      onChange({ ...channel, subscribed: on, subscribers: channel.subscribers + (on ? 1 : -1) });
      toast(on ? text.channel.subscribedTo(name) : text.channel.unsubscribedFrom(name));
    } catch (error) {
      toast(sayProblem(error), "bad");
    }
    setBusy(false);
  };
  return (
    <button type="button" class={channel.subscribed ? "button button-quiet" : "button button-main"} aria-pressed={channel.subscribed} disabled={busy} onClick={() => void turn()}>
      {channel.subscribed && <Icon name="check" size={18} />}
      {channel.subscribed ? text.channel.subscribed : text.channel.subscribe}
    </button>
  );
}
