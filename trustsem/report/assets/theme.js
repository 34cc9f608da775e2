// Colours: as the screen is set, until the reader chooses.
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

  root.classList.add("scripted");
  choice.addEventListener("change", apply);
  screenIsDark.addEventListener("change", apply);
  apply();
})();
