// The page itself: colours as the screen is set, until the reader chooses; keys for what scrolls.
(function () {
  "use strict";
  const root = document.documentElement;
  const screenIsDark = window.matchMedia("(prefers-color-scheme: dark)");
  const choice = document.getElementById("colours");

  function apply() {
    const wanted = choice.value === "auto" ? (screenIsDark.matches ? "dark" : "light") : choice.value;
    if (root.dataset.theme !== wanted) {
      root.dataset.theme = wanted;
      root.dispatchEvent(new CustomEvent("themechange", { detail: wanted }));
    }
  }

  // What scrolls sideways can be reached with the keyboard; what fits need not be.
  function mark() {
    document.querySelectorAll(".table, .canvas").forEach((box) => {
      if (box.scrollWidth > box.clientWidth) {
        box.tabIndex = 0;
      } else {
        box.removeAttribute("tabindex");
      }
    });
  }

  root.classList.add("scripted");
  mark();
  window.addEventListener("resize", mark);
  choice.addEventListener("change", apply);
  screenIsDark.addEventListener("change", apply);
  apply();
})();
