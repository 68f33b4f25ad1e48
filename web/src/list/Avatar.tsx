interface AvatarProps {
  handle: string;
  name?: string | undefined;
  picture?: string | null | undefined;
  size?: "small" | "middle" | "large";
}

const HUES = 8;

function hueOf(handle: string): number {
  return (
    [...handle].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % HUES
  );
}

/**
 * The avatar of a channel, or the first letter of its name on a colour that follows from its
 * handle.
 */
export function Avatar({ handle, name, picture, size = "small" }: AvatarProps) {
  const shape = `avatar avatar-${size}`;
  if (picture) return <img class={shape} src={picture} alt="" loading="lazy" decoding="async" />;
  return (
    <span class={`${shape} hue-${hueOf(handle)}`} aria-hidden="true">
      {[...(name || handle)][0]?.toUpperCase()}
    </span>
  );
}
