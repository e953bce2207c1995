import {
  type CSSVariablesResolver,
  createTheme,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
} from "@mantine/core";

/** Also read by public/color-scheme.js, before anything is painted. */
export const COLOR_SCHEME_KEY = "vedette-color-scheme";
export const colorSchemeManager = localStorageColorSchemeManager({ key: COLOR_SCHEME_KEY });

const harbour: MantineColorsTuple = [
  "#eaf2fd",
  "#d3e3f8",
  "#a7c6f0",
  "#77a7e8",
  "#5290e2",
  "#3a80de",
  "#2a6fc9",
  "#1d5cae",
  "#1d4f91",
  "#123c74",
];

/** Mantine's dark surfaces, from text to page; the same as the tokens of the dark scheme. */
const dark: MantineColorsTuple = [
  "#e4e9f1",
  "#c3ccd9",
  "#9aa6b8",
  "#6d7a8d",
  "#2c3442",
  "#232b38",
  "#1e2530",
  "#171c25",
  "#10141b",
  "#0c1016",
];

export const theme = createTheme({
  primaryColor: "harbour",
  primaryShade: { light: 7, dark: 6 },
  colors: { harbour, dark },
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: "var(--v-mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  defaultRadius: 5,
  cursorType: "pointer",
  autoContrast: true,
  components: {
    Button: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "md" } },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", checkIconPosition: "right" } },
    MultiSelect: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true, fz: "xs" } },
    Modal: { defaultProps: { centered: true } },
    Menu: { defaultProps: { shadow: "md", withinPortal: true } },
    Popover: { defaultProps: { shadow: "md" } },
  },
});

/** Mantine's own text of these colours is too pale to read on their pale backgrounds. */
const LEGIBLE = { green: "#1e6a2d", teal: "#086a50", yellow: "#7a4a00", orange: "#94380a" };
const legible = Object.fromEntries(
  Object.entries(LEGIBLE).flatMap(([name, color]) => [
    [`--mantine-color-${name}-light-color`, color],
    [`--mantine-color-${name}-outline`, color],
  ]),
);

/** Mantine takes its surfaces from our tokens, not the other way round. */
export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--v-surface)",
    "--mantine-color-text": "var(--v-text)",
    "--mantine-color-dimmed": "var(--v-dimmed)",
    "--mantine-color-anchor": "var(--v-link)",
    "--mantine-color-default": "var(--v-surface)",
    "--mantine-color-default-hover": "var(--v-hover)",
    "--mantine-color-default-border": "var(--v-border)",
    "--mantine-color-placeholder": "var(--v-dimmed)",
    "--mantine-color-error": "var(--v-critical)",
  };
  return { variables: {}, light: { ...shared, ...legible }, dark: shared };
};
