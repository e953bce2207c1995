// Runs before anything is painted, so that a dark page never flashes white. The name of the entry is
// Mantine's own; see src/theme/theme.ts.
(function () {
  var wanted = "auto";
  try {
    wanted = localStorage.getItem("vedette-color-scheme") || "auto";
  } catch (_) {
    /* Storage may be forbidden; the system's scheme is used then. */
  }
  if (wanted !== "light" && wanted !== "dark") {
    wanted = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  document.documentElement.setAttribute("data-mantine-color-scheme", wanted);
})();
