/** Icons: strokes on a 24-pixel grid, in the colour of the text beside them. */

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
  edit: "M4.500 19.500l.8-4L15.800 5a1.500 1.500 0 0 1 2.200 0l1 1a1.500 1.500 0 0 1 0 2.200L8.500 18.700Zm9-12.200 3.200 3.200",
  globe:
    "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm-8 8h16M12 4c2.500 2.300 3.500 5 3.500 8s-1 5.700-3.500 8c-2.500-2.300-3.500-5-3.500-8s1-5.700 3.500-8Z",
  link: "M10 14.500a3.500 3.500 0 0 1 0-5l2.500-2.500a3.500 3.500 0 0 1 5 5l-1 1m-2.500-3.500a3.500 3.500 0 0 1 0 5L11.500 17a3.500 3.500 0 0 1-5-5l1-1",
  lock: "M6.500 11h11v8.500h-11Zm2.500 0V8.500a3 3 0 0 1 6 0V11",
  warn: "M12 4.500 21 19.500H3ZM12 10v4.500m0 2.500v.01",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 4v4.500l3 1.800",
  retry: "M19.500 12a7.500 7.500 0 1 1-2.200-5.300L19.500 9m0-5v5h-5",
  share: "M13 5.500 20 12l-7 6.500v-4c-4 0-7 1-9 4 .5-5 3.500-8.500 9-9Z",
  split: "M12 3.500v17M8.500 8 4.500 12l4 4m7-8 4 4-4 4",
  save: "M12 4v12m0 0-5-5m5 5 5-5M4 20.500h16",
  list: "M4 6.500h16M4 12h9m-9 5.500h9m3.5-5.500v6l4.5-3Z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
