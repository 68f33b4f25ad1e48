import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { Channel } from "../api/shape.ts";
import { Icon } from "../part/Icon.tsx";
import { signInUrl, useAccount } from "../session/session.ts";
import { toastProblem } from "../shell/outcome.ts";
import { toast } from "../shell/toast.ts";
import { text } from "../text/text.ts";

/** The button that subscribes to a channel, or unsubscribes from it. */
export function Subscribe({
  channel,
  onChange,
}: {
  channel: Channel;
  onChange: (channel: Channel) => void;
}) {
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
  const toggle = async (): Promise<void> => {
    const on = !channel.subscribed;
    setBusy(true);
    try {
      await call(
        on ? "PUT /channels/{handle}/subscription" : "DELETE /channels/{handle}/subscription",
        { path: { handle: channel.handle } },
      );
      onChange({ ...channel, subscribed: on, subscribers: channel.subscribers + (on ? 1 : -1) });
      toast(on ? text.channel.subscribedTo(name) : text.channel.unsubscribedFrom(name));
    } catch (error) {
      toastProblem(error);
    }
    setBusy(false);
  };
  return (
    <button
      type="button"
      class={channel.subscribed ? "button button-quiet" : "button button-main"}
      aria-pressed={channel.subscribed}
      disabled={busy}
      onClick={() => void toggle()}
    >
      {channel.subscribed && <Icon name="check" size={18} />}
      {channel.subscribed ? text.channel.subscribed : text.channel.subscribe}
    </button>
  );
}
