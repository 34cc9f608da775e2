// Scenario explorer: a push of s standard deviations changes a target by the sum of s times its cells, and the
// variance of that is s' C s with the covariance C of these cells.
(function () {
  "use strict";
  const SAME = 1e-9; // standard deviations that are rounding
  const SVG = "http://www.w3.org/2000/svg";

  function change(cells, unit, steps, content) {
    const values = cells[unit];
    const covariance = cells[`${unit}_covariance`];
    const s = cells.sources.map((source) => steps[source]);
    if (values === null || s.some((size, k) => size !== 0 && values[k] === null)) {
      return null;
    }
    const used = s.map((_, k) => k).filter((k) => s[k] !== 0);
    const value = used.reduce((sum, k) => sum + s[k] * values[k], 0);
    if (covariance === null || used.length === 0) {
      return { value, lower: null, upper: null };
    }
    let variance = 0;
    for (const j of used) {
      for (const k of used) {
        variance += s[j] * covariance[j][k] * s[k];
      }
    }
    if (!(variance > content.rounding)) {
      return { value, lower: null, upper: null };
    }
    const half = content.z * Math.sqrt(variance);
    return { value, lower: value - half, upper: value + half };
  }

  function fixed(value, decimals) {
    const text = value.toFixed(decimals);
    return Number(text) === 0 ? text.replace("-", "") : text;
  }

  function signed(value, decimals) {
    const text = fixed(value, decimals);
    return Number(text) > 0 ? `+${text}` : text;
  }

  function interval(found, decimals) {
    return found.lower === null ? "" : `[${fixed(found.lower, decimals)}, ${fixed(found.upper, decimals)}]`;
  }

  function filled(text, places) {
    return text.replace(/\{(\w+)\}/g, (_, name) => places[name]).replace(/\s+,/g, ",").trim();
  }

  function explorer(root) {
    const content = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const words = content.words;
    const sliders = Array.from(root.querySelectorAll("input[type=range]"));
    const choice = root.querySelector("select.group");
    const summary = root.querySelector("output.summary");

    function write(cell, found, decimals) {
      const [main, small] = cell.children;
      cell.dataset.value = found === null ? "" : found.value;
      cell.dataset.lower = found === null || found.lower === null ? "" : found.lower;
      cell.dataset.upper = found === null || found.upper === null ? "" : found.upper;
      main.textContent = found === null ? "–" : signed(found.value, decimals);
      small.textContent = found === null ? "" : interval(found, decimals);
    }

    function draw(cell, found, reach) {
      const bar = document.createElementNS(SVG, "svg");
      const at = (value) => 100 + (90 * value) / reach;
      const add = (name, attributes) => {
        const element = document.createElementNS(SVG, name);
        Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
        bar.append(element);
      };
      bar.setAttribute("viewBox", "0 0 200 24");
      bar.setAttribute("aria-hidden", "true");
      bar.setAttribute("class", found !== null && found.value < 0 ? "bar negative" : "bar");
      add("line", { class: "axis", x1: 100, x2: 100, y1: 0, y2: 24 });
      if (found !== null) {
        if (found.lower !== null) {
          add("line", { class: "span", x1: at(found.lower), x2: at(found.upper), y1: 12, y2: 12 });
        }
        add("circle", { class: "dot", cx: at(found.value), cy: 12, r: 4.5 });
      }
      cell.replaceChildren(bar);
    }

    function score(cell, now, points) {
      const [main, small] = cell.children;
      if (now === null || points === null) {
        main.textContent = "–";
        small.textContent = "";
        return;
      }
      const reached = now + points.value;
      const isBeyond = reached > 100 || reached < 0;
      main.textContent = `${fixed(now, 1)} → ${isBeyond ? (reached > 100 ? "> 100" : "< 0") : fixed(reached, 1)}`;
      small.textContent = isBeyond ? words.beyond : "";
    }

    function writeStep(slider, group, steps) {
      const construct = Number(slider.dataset.construct);
      const own = group.cells[construct];
      const alone = steps.map((size, k) => (k === construct ? size : 0));
      // In a loop the construct changes by more than the step: its points are no measure of the step.
      const isStep = own !== undefined && Math.abs(own.sd[own.sources.indexOf(construct)] - 1) < SAME;
      const points = isStep ? change(own, "points", alone, content) : null;
      const places = { sd: signed(Number(slider.value), 1), points: points && signed(points.value, 1) };
      const text = filled(points === null ? words.step : words.step_points, places);
      slider.setAttribute("aria-valuetext", text);
      root.querySelector(`output[for='${slider.id}']`).textContent = text;
    }

    function update() {
      const group = content.groups[choice === null ? 0 : Number(choice.value)];
      const steps = content.constructs.map(() => 0);
      sliders.forEach((slider) => {
        steps[Number(slider.dataset.construct)] = Number(slider.value);
      });
      sliders.forEach((slider) => writeStep(slider, group, steps));
      const found = content.targets.map((target) => {
        const cells = group.cells[target];
        const none = { value: 0, lower: null, upper: null };
        return cells === undefined
          ? { sd: none, points: null }
          : { sd: change(cells, "sd", steps, content), points: change(cells, "points", steps, content) };
      });
      const ends = found.flatMap(({ sd }) => (sd === null ? [] : [sd.value, sd.lower ?? 0, sd.upper ?? 0]));
      const reach = Math.max(0.5, ...ends.map(Math.abs));
      content.targets.forEach((target, k) => {
        const row = root.querySelector(`tr[data-construct='${target}']`);
        write(row.querySelector(".sd"), found[k].sd, 3);
        write(row.querySelector(".points"), found[k].points, 1);
        draw(row.querySelector(".picture"), found[k].sd, reach);
        score(row.querySelector(".score"), group.scores[target], found[k].points);
        if (target === content.outcome) {
          say(content.names[target], found[k]);
        }
      });
    }

    function say(outcome, { sd, points }) {
      const places = { outcome, sd: sd === null ? "–" : signed(sd.value, 3), interval: sd === null ? "" : interval(sd, 3) };
      const text =
        points === null
          ? filled(words.summary_sd, places)
          : filled(words.summary, {
              ...places,
              points: signed(points.value, 1),
              points_interval: interval(points, 1),
            });
      if (summary.textContent !== text) {
        summary.textContent = text;
      }
    }

    sliders.forEach((slider) => slider.addEventListener("input", update));
    if (choice !== null) {
      choice.addEventListener("change", update);
    }
    root.querySelector("button.reset").addEventListener("click", () => {
      sliders.forEach((slider) => {
        slider.value = 0;
      });
      update();
    });
    update();
  }

  document.querySelectorAll(".explorer").forEach(explorer);
})();
