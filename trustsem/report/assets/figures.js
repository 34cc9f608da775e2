// Figures: each stands on the page as a picture, and plotly draws it anew when it comes near the screen.
(function () {
  "use strict";
  const root = document.documentElement;
  const TOKEN = "\u0001"; // a string that starts so is the number of a pair: [light, dark]
  const LEAST = { wide: 0.7, narrow: 0.8 }; // figures shrink to this share of their width and then scroll: report.css
  const isNarrow = window.matchMedia("(max-width: 48rem)");
  const isTouch = window.matchMedia("(pointer: coarse)").matches;

  function themed(value, pairs, theme) {
    if (typeof value === "string" && value.startsWith(TOKEN)) {
      return pairs[Number(value.slice(1))][theme === "dark" ? 1 : 0];
    }
    if (Array.isArray(value)) {
      return value.map((part) => themed(part, pairs, theme));
    }
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, themed(part, pairs, theme)]));
    }
    return value;
  }

  function Drawn(figure) {
    const canvas = figure.querySelector(".canvas");
    const record = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    const scaled = document.createElement("div");
    const place = document.createElement("div");
    const choices = Array.from(figure.querySelectorAll("input[type=radio]"));
    scaled.className = "scaled";
    place.className = "drawn";
    place.setAttribute("aria-hidden", "true"); // its words stand beside it
    scaled.append(place);

    function content() {
      const chosen = choices.find((choice) => choice.checked);
      const drawing = themed(record.figure, record.pairs, root.dataset.theme);
      if (chosen) {
        const change = themed(record.choices[Number(chosen.value)], record.pairs, root.dataset.theme);
        Object.assign(drawing.layout, change);
      }
      if (isTouch) {
        drawing.layout.dragmode = false;
      }
      return drawing;
    }

    this.fit = function () {
      const { width, height } = record.figure.layout;
      const share = Math.max(isNarrow.matches ? LEAST.narrow : LEAST.wide, Math.min(1, canvas.clientWidth / width));
      place.style.transform = `scale(${share})`;
      scaled.style.width = `${Math.floor(width * share)}px`;
      scaled.style.height = `${Math.ceil(height * share)}px`;
    };

    this.draw = async function () {
      if (!scaled.isConnected) {
        canvas.append(scaled);
      }
      const drawing = content();
      await Plotly.react(place, drawing.data, drawing.layout, record.config);
      canvas.classList.add("is-drawn");
      this.fit();
    };

    choices.forEach((choice) => choice.addEventListener("change", () => this.draw()));
  }

  const drawn = new Map();
  const watcher = new IntersectionObserver(
    (entries) => {
      entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
        watcher.unobserve(entry.target);
        const figure = new Drawn(entry.target);
        drawn.set(entry.target, figure);
        figure.draw();
      });
    },
    { rootMargin: "300px" },
  );
  document.querySelectorAll("figure[data-interactive]").forEach((figure) => watcher.observe(figure));
  root.addEventListener("themechange", () => drawn.forEach((figure) => figure.draw()));
  window.addEventListener("resize", () => drawn.forEach((figure) => figure.fit()));
})();
