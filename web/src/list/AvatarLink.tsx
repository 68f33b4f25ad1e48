import { Avatar } from "./Avatar.tsx";

interface AvatarLinkProps {
  handle: string;
  name: string;
  picture: string | null | undefined;
  class?: string;
}

/**
 * The avatar of a channel as a link beside the channel's name. Hidden from assistive technology,
 * since the name is the same link.
 */
export function AvatarLink({ handle, name, picture, class: className }: AvatarLinkProps) {
  return (
    <a class={className} href={`/c/${encodeURIComponent(handle)}`} tabIndex={-1} aria-hidden="true">
      <Avatar handle={handle} name={name} picture={picture} />
    </a>
  );
}
