import { saveAs } from "@/api/download";
import { notifyError } from "@/components/notify";
import { resolveColor } from "@/theme/colors";

const TITLE = 30;

/** Save a panel as an image: its canvases and drawings where they stand, with its title. */
export async function savePng(panel: HTMLElement, title: string): Promise<void> {
  const box = panel.getBoundingClientRect();
  const scale = Math.max(1, devicePixelRatio);
  const canvas = document.createElement("canvas");
  canvas.width = box.width * scale;
  canvas.height = box.height * scale;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(scale, scale);
  pen.fillStyle = resolveColor("var(--v-surface)");
  pen.fillRect(0, 0, box.width, box.height);
  pen.fillStyle = resolveColor("var(--v-text)");
  pen.font = "600 14px sans-serif";
  pen.fillText(title, 12, TITLE - 9, box.width - 24);
  for (const source of panel.querySelectorAll("canvas")) {
    const at = source.getBoundingClientRect();
    if (at.width && at.height) {
      pen.drawImage(source, at.left - box.left, at.top - box.top, at.width, at.height);
    }
  }
  // Texts outside of canvases: legends, figures, bars' names.
  for (const element of panel.querySelectorAll<HTMLElement>("[class*=body] *")) {
    drawElement(pen, element, box);
  }
  canvas.toBlob((blob) => {
    if (blob) saveAs(blob, `${title.replace(/[^\w.() -]+/g, "_")}.png`);
    else notifyError("The image could not be made", new Error("the panel is too large"));
  });
}

function drawElement(pen: CanvasRenderingContext2D, element: HTMLElement, box: DOMRect): void {
  const own = [...element.childNodes].filter(
    (one) => one.nodeType === Node.TEXT_NODE && one.textContent?.trim(),
  );
  const style = getComputedStyle(element);
  const at = element.getBoundingClientRect();
  // A level line has no height of its own.
  const flat = at.height < 2 && element.tagName !== "line";
  if (!at.width || flat || style.visibility === "hidden" || style.clipPath !== "none") return;
  if (at.bottom > box.bottom + 1 || at.top < box.top) return;
  if (element.tagName === "SPAN" && !own.length && element.style.background) {
    pen.fillStyle = style.backgroundColor;
    pen.fillRect(at.left - box.left, at.top - box.top, at.width, at.height);
  }
  if (element.tagName === "path" || element.tagName === "line") drawPath(pen, element, box);
  if (!own.length) return;
  const drawing = element.closest("svg");
  pen.fillStyle = drawing ? style.fill : style.color;
  // A drawing's lengths are its own, and shown larger or smaller.
  const shown = drawing?.getScreenCTM()?.a ?? 1;
  pen.font = `${style.fontWeight} ${Number.parseFloat(style.fontSize) * shown}px sans-serif`;
  pen.textBaseline = "middle";
  const text = own.map((one) => one.textContent?.trim()).join(" ");
  const middle = at.top - box.top + at.height / 2;
  const ends = style.textAlign === "right" || style.textAlign === "end";
  pen.textAlign = ends ? "right" : "left";
  // Right-aligned text ends where its padding begins.
  const edge = ends ? at.right - Number.parseFloat(style.paddingRight) : at.left;
  pen.fillText(text, edge - box.left, middle, at.width + 2);
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
}

function drawPath(pen: CanvasRenderingContext2D, element: HTMLElement, box: DOMRect): void {
  const shape = element as unknown as SVGGraphicsElement;
  const matrix = shape.getScreenCTM();
  const d = element.getAttribute("d") ?? lineOf(element);
  const style = getComputedStyle(element);
  if (!matrix || !d || style.stroke === "none") return;
  pen.save();
  pen.translate(-box.left, -box.top);
  pen.transform(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f);
  pen.strokeStyle = style.stroke;
  pen.lineWidth = Number.parseFloat(style.strokeWidth) || 1;
  pen.setLineDash((style.strokeDasharray.match(/[\d.]+/g) ?? []).map(Number));
  pen.stroke(new Path2D(d));
  pen.restore();
}

function lineOf(element: HTMLElement): string {
  const read = (name: string) => element.getAttribute(name) ?? "0";
  return `M${read("x1")} ${read("y1")}L${read("x2")} ${read("y2")}`;
}
