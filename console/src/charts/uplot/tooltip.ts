/** The box beside the cursor. Plain DOM: it moves with the mouse, without a render a move. */

import classes from "../charts.module.css";

export interface TooltipRow {
  color: string;
  label: string;
  value: string;
  strong?: boolean;
}

export interface TooltipContent {
  title: string;
  rows: TooltipRow[];
  /** Said below: "and 12 more", "click to open the trace". */
  note?: string;
}

export class Tooltip {
  private readonly box: HTMLDivElement;

  constructor(over: HTMLElement) {
    this.box = document.createElement("div");
    this.box.className = classes.tooltip ?? "";
    this.box.setAttribute("aria-hidden", "true");
    this.box.hidden = true;
    over.appendChild(this.box);
  }

  /** Show content beside a point of the plotting area, on the side where there is room. */
  show(content: TooltipContent, left: number, top: number, width: number, height: number): void {
    this.box.replaceChildren(title(content.title), ...content.rows.map(row));
    if (content.note) this.box.append(note(content.note));
    this.box.hidden = false;
    const { offsetWidth, offsetHeight } = this.box;
    const right = left + 14 + offsetWidth > width && left > width / 2;
    this.box.style.left = `${right ? left - offsetWidth - 14 : left + 14}px`;
    this.box.style.top = `${Math.max(-8, Math.min(top - offsetHeight / 2, height - offsetHeight))}px`;
  }

  hide(): void {
    this.box.hidden = true;
  }
}

function element(tag: string, className: string | undefined, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className ?? "";
  made.textContent = text;
  return made;
}

const title = (text: string): HTMLElement => element("div", classes.tooltipTitle, text);
const note = (text: string): HTMLElement => element("div", classes.tooltipNote, text);

function row({ color, label, value, strong }: TooltipRow): HTMLElement {
  const line = element("div", classes.tooltipRow);
  if (strong) line.dataset.strong = "";
  const swatch = element("i", classes.swatch);
  swatch.style.background = color;
  line.append(swatch, element("span", classes.tooltipLabel, label), element("b", "", value));
  return line;
}
