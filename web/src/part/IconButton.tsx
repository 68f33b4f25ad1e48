import { Icon, type IconName } from "./Icon.tsx";

interface IconButtonProps {
  icon: IconName;
  size?: number;
  /** The accessible name. */
  label: string;
  title?: string;
  disabled?: boolean;
  onClick: () => void;
}

/** A round button that shows only an icon. */
export function IconButton({ icon, size = 20, label, ...props }: IconButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={label} {...props}>
      <Icon name={icon} size={size} />
    </button>
  );
}
