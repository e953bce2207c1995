/** Set on the page while it is printed: it is then as wide as the paper, without navigation. */
const PAPER = "paper";

/**
 * Calls `draw` before the page is printed, once it is as wide as the paper, and after, once it is as wide
 * as the screen: a canvas that is not drawn anew stays as it was. Returns what ends that.
 */
export function aroundPaper(draw: () => void): () => void {
  const begin = () => {
    document.documentElement.classList.add(PAPER);
    draw();
  };
  const end = () => {
    document.documentElement.classList.remove(PAPER);
    draw();
  };
  window.addEventListener("beforeprint", begin);
  window.addEventListener("afterprint", end);
  return () => {
    window.removeEventListener("beforeprint", begin);
    window.removeEventListener("afterprint", end);
  };
}
