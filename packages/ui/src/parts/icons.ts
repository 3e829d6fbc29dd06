interface IconShape {
  /** Side of the square that the path is drawn in. Default: 24. */
  box?: 16 | 24;
  path: string;
  /** Filled instead of stroked. */
  isFilled?: boolean;
}

/** Drawn in the current colour. */
export const ICONS = {
  logo: {
    path: 'M6 3h8a3 3 0 0 1 3 3v5a3 3 0 0 1-3 3H7.5l-3.3 2.3c-.5.4-1.2 0-1.2-.6V6a3 3 0 0 1 3-3z M19 9.2c1.200.3 2 1.400 2 2.800v8.200c0 .6-.7 1-1.2.6L17.400 19H11c-1 0-1.900-.5-2.400-1.300h5.900a4.500 4.500 0 0 0 4.500-4.500z',
    isFilled: true,
  },
  plus: { path: 'M12 5v14M5 12h14' },
  back: { path: 'm14 6-6 6 6 6' },
  forward: { path: 'm10 6 6 6-6 6' },
  down: { path: 'm6 9 6 6 6-6' },
  close: { path: 'm6 6 12 12M18 6 6 18' },
  check: { path: 'm5 12.5 4.5 4.500 9.500-10' },
  send: {
    path: 'M3.4 20.3 21 12.7c.6-.3.6-1.1 0-1.4L3.4 3.7c-.6-.3-1.2.3-1 .9l2 6.1 9 1.3-9 1.3-2 6.1c-.2.6.4 1.2 1 .9z',
    isFilled: true,
  },
  clock: { box: 16, path: 'M8 2.700a5.300 5.300 0 1 1 0 10.600a5.300 5.300 0 1 1 0-10.600M8 5v3l2 1.3' },
  sent: { box: 16, path: 'm3.5 8.5 3 3 6-7' },
  delivered: { box: 16, path: 'm1 8.5 3 3 6-7M7.2 10.5l1 1 6-7' },
  failed: {
    box: 16,
    path: 'M8 2.300a5.700 5.700 0 1 1 0 11.400a5.700 5.700 0 1 1 0-11.400M8 5v3.5M8 10.9v.1',
  },
  product: { box: 16, path: 'M2.5 7V3.5a1 1 0 0 1 1-1H7L13.5 9 9 13.5zM5.5 5.5v.1' },
  seller: {
    box: 16,
    path: 'M3 7v5.5a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1V7M2 6l1.3-3.5h9.4L14 6a2 2 0 0 1-4 0 2 2 0 0 1-4 0 2 2 0 0 1-4 0z',
  },
  order: { box: 16, path: 'M8 2 2.5 4.8v6.4L8 14l5.5-2.8V4.8zM2.5 4.8 8 7.6l5.5-2.8M8 7.6V14' },
  general: {
    box: 16,
    path: 'M3 4.5a1.5 1.5 0 0 1 1.5-1.5h7A1.5 1.5 0 0 1 13 4.5v5a1.5 1.5 0 0 1-1.5 1.5H7l-3 2.5V11A1.5 1.5 0 0 1 3 9.5z',
  },
  menu: {
    path: 'M12 4.6a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4zm0 5.7a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4zm0 5.7a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4z',
    isFilled: true,
  },
  search: { path: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 20 20' },
  settings: {
    path: 'M4 8h9M17 8h3M4 16h3M11 16h9M15 6a2 2 0 1 1 0 4a2 2 0 1 1 0-4M9 14a2 2 0 1 1 0 4a2 2 0 1 1 0-4',
  },
  attach: {
    path: 'm20 11.5-8 8a5 5 0 0 1-7-7l8.3-8.300a3.3 3.3 0 0 1 4.7 4.700l-8.2 8.200a1.7 1.7 0 0 1-2.4-2.400l7.6-7.5',
  },
  reply: { path: 'M9 6 4 11l5 5M4.5 11H14a6 6 0 0 1 6 6v1' },
  edit: { path: 'M4 20v-3.500L15.5 5l3.5 3.500L7.5 20zM13 7.500l3.5 3.5' },
  copy: { path: 'M9 9h10v11H9zM6 15H5V4h10v2' },
  pin: { path: 'M12 15.500V21M8 4h8l-1 6 3 3.500v2H6v-2L9 10z' },
  smile: {
    path: 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16M8.5 14a4 4 0 0 0 7 0M9 9.500v.1M15 9.500v.1',
  },
  flag: { path: 'M6 21V4h11l-2 4 2 4H6' },
  trash: { path: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5' },
  info: { path: 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16M12 11v5M12 8v.1' },
  dot: { path: 'M12 7a5 5 0 1 1 0 10a5 5 0 1 1 0-10', isFilled: true },
  bell: { path: 'M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.500a2.2 2.2 0 0 0 4 0' },
  muted: {
    path: 'M6 16V11a6 6 0 0 1 9-5.200M18 11v5l1.5 2h-11M10 20.500a2.2 2.2 0 0 0 4 0M4 4l16 16',
  },
  archive: { path: 'M4 5h16v4H4zM5.5 9v10h13V9M10 13h4' },
  clear: { path: 'm9 20-5-5L14 5l6 6-9 9zM9 10l6 6M11 20h9' },
  block: { path: 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16m-5.500 2.500 11 11' },
  unmatch: {
    path: 'M12 20S4 15 4 9.500A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 8 2.500C20 15 12 20 12 20zM9.5 10l5 4.500M14.5 10l-5 4.5',
  },
  match: {
    path: 'M12 20S4 15 4 9.500A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 8 2.500C20 15 12 20 12 20z',
  },
  leave: { path: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9' },
  group: {
    path: 'M9 5.800a3.200 3.200 0 1 1 0 6.400a3.200 3.200 0 1 1 0-6.400M3 19c0-3.3 2.7-5 6-5s6 1.7 6 5M15.5 6.200a3 3 0 0 1 0 5.600M17 14.500c2.3.6 4 2.1 4 4.5',
  },
  addPerson: {
    path: 'M10 5.800a3.200 3.200 0 1 1 0 6.400a3.200 3.200 0 1 1 0-6.400M4 19c0-3.3 2.7-5 6-5s6 1.7 6 5M18 8v6M15 11h6',
  },
  link: {
    path: 'M10 14a4 4 0 0 0 5.7 0l2.8-2.800a4 4 0 0 0-5.7-5.700L11.5 6.800M14 10a4 4 0 0 0-5.7 0l-2.8 2.800a4 4 0 0 0 5.7 5.700l1.3-1.3',
  },
  crown: { path: 'M4 18h16l1-10-5 3.500L12 5l-4 6.500L3 8z' },
  image: { path: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15.5 9v.1' },
  camera: { path: 'M4 8h4l1.500-2.500h5L16 8h4v11H4zM12 10.500a3 3 0 1 1 0 6a3 3 0 1 1 0-6' },
  voice: {
    path: 'M12 4a2.8 2.8 0 0 1 2.8 2.800v4.400a2.8 2.8 0 0 1-5.6 0V6.800A2.8 2.8 0 0 1 12 4zM6.5 11a5.5 5.5 0 0 0 11 0M12 16.500V20',
  },
  play: { path: 'M8 5.500v13l11-6.500z', isFilled: true },
  pause: { path: 'M7 5.500h3.500v13H7zM13.500 5.500H17v13h-3.500z', isFilled: true },
  file: { path: 'M6 3.500h8l4.5 4.500v12.500H6zM14 3.500V8h4.500M9 13h6M9 16.500h6' },
  location: {
    path: 'M12 21s-6.5-5.6-6.5-11a6.5 6.5 0 0 1 13 0c0 5.4-6.5 11-6.5 11zM12 7.700a2.300 2.300 0 1 1 0 4.600a2.300 2.300 0 1 1 0-4.600',
  },
  calendar: { path: 'M5 6h14v14H5zM5 10h14M9 3.500V8M15 3.500V8' },
  theme: { path: 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16M12 4v16M15 5.500v13M18 8v8' },
  switch: { path: 'M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 8l-4 4 4 4M6 12h9' },
  language: {
    path: 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16M4.500 12h15M12 4c-5 5-5 11 0 16c5-5 5-11 0-16',
  },
} as const satisfies Record<string, IconShape>;

export type IconName = keyof typeof ICONS;

/** Icons that point along the line of writing: turned around from right to left. */
export const DIRECTED: ReadonlySet<IconName> = new Set<IconName>([
  'back',
  'forward',
  'send',
  'reply',
  'leave',
  'switch',
]);

export const shapeOf = (name: IconName): Required<IconShape> => ({
  box: 24,
  isFilled: false,
  ...ICONS[name],
});
