import { call } from "../api/client.ts";
import type { Channel } from "../api/shape.ts";
import { Icon } from "../part/Icon.tsx";
import { signInUrl, useAccount } from "../session/session.ts";
import { useAction } from "../shell/outcome.ts";
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
  const [busy, act] = useAction();
  const name = channel.display_name || channel.handle;
  if (account === null) {
    return (
      <a class="button button-main" href={signInUrl()}>
        {text.channel.subscribe}
      </a>
    );
  }
  const on = !channel.subscribed;
  const toggle = async (): Promise<void> => {
    await call(
      on ? "PUT /channels/{handle}/subscription" : "DELETE /channels/{handle}/subscription",
      { path: { handle: channel.handle } },
    );
    onChange({ ...channel, subscribed: on, subscribers: channel.subscribers + (on ? 1 : -1) });
  };
  const done = on ? text.channel.subscribedTo(name) : text.channel.unsubscribedFrom(name);
  return (
    <button
      type="button"
      class={channel.subscribed ? "button button-quiet" : "button button-main"}
      aria-pressed={channel.subscribed}
      disabled={busy}
      onClick={() => void act(toggle, done)}
    >
      {channel.subscribed && <Icon name="check" size={18} />}
      {channel.subscribed ? text.channel.subscribed : text.channel.subscribe}
    </button>
  );
}
