/** Icons: one stroke on a 24-pixel grid, in the colour of the text beside them. */

const PATHS = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4.5 4.5",
  upload: "M12 16V4m0 0L7 9m5-5 5 5M4 17v2a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 19v-2",
  home: "m4 11 8-7 8 7v8.5a.5.5 0 0 1-.5.5H15v-6H9v6H4.500a.5.5 0 0 1-.5-.5Z",
  trending: "m3.5 17 6-6 4 4 7-8m0 0h-5m5 0v5",
  subscriptions: "M5 8h14M7.5 4.500h9M5 11.500h14v8H5Zm5.5 2v4l3.5-2Z",
  history: "M4 12a8 8 0 1 0 2.5-5.800L4 8.500M4 4v4.500h4.500M12 8v4.500l3 1.8",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20.500c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
  gear: "M5 7h8m4 0h2M5 17h2m4 0h8M15 5v4M9 15v4",
  close: "m6 6 12 12M18 6 6 18",
  more: "M12 5.500v.01M12 12v.01M12 18.500v.01",
  check: "m5 12.5 4.5 4.500L19 7.5",
  up: "m6 14.5 6-6 6 6",
  down: "m6 9.5 6 6 6-6",
  play: "M8 5.500v13l10.5-6.500Z",
  filter: "M4 6.500h16M7 12h10m-7 5.500h4",
  trash: "M5 7h14M9.5 7V4.500h5V7m-8 0 .8 12.500h9.400L17.5 7",
  rss: "M5 5c8 0 14 6 14 14M5 11c4.5 0 8 3.5 8 8M6.5 17.500v.01",
  back: "M20 12H4.500m0 0 6-6m-6 6 6 6",
  list: "M4 6.500h16M4 12h9m-9 5.500h9m3.5-5.500v6l4.5-3Z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
