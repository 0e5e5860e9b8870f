"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const looks = new Map(data.strategies.map((s) => [s.name, s]));
  const shown = new Map(data.strategies.map((s) => [s.name, true]));

  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const makeSvg = (tag, attributes = {}) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };

  const addText = (svg, content, attributes) => {
    const node = makeSvg("text", {"font-size": 12, fill: "#1b1f24", ...attributes});
    node.textContent = content;
    svg.append(node);
  };

  // ---- Sortable tables: cells are [shown, sort key, bold] ----
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);  // missing values come last
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  };
  const sortRows = (table, th, column) => {
    const ascending = th.getAttribute("aria-sort") !== "ascending";
    for (const other of th.parentNode.children) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((r, s) => {
      const a = r.cells[column].sortKey, b = s.cells[column].sortKey;
      if (a === null || b === null) return compare(a, b);
      return ascending ? compare(a, b) : compare(b, a);
    });
    body.append(...rows);
  };
  const makeTable = (spec) => {
    const table = make("table", {"aria-label": spec.name});
    const head = table.createTHead().insertRow(), body = table.createTBody();
    spec.columns.forEach((column, i) => {
      const button = make("button", {type: "button"}, column.name);
      const th = make("th", {scope: "col"}, button);
      if (column.numeric) th.className = "number";
      button.addEventListener("click", () => sortRows(table, th, i));
      head.append(th);
    });
    for (const row of spec.rows) {
      const tr = body.insertRow();
      row.forEach(([text, key, bold], i) => {
        const td = tr.insertCell();
        td.sortKey = key;
        td.append(bold ? make("strong", {}, text) : text);
        if (spec.columns[i].numeric) td.className = "number";
        else if (text.length > 40) td.className = "words";
      });
    }
    const scroll = make("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Table " + spec.name});
    scroll.append(table);
    return scroll;
  };

  // ---- Learning curves ----
  const gaps = {solid: undefined, "(6,4)": [7, 4], "(2,3)": [2, 3], "(8,3,2,3)": [9, 3, 2, 3],
                "(8,3,2,3,2,3)": [9, 3, 2, 3, 2, 3], "(14,4,5,4)": [14, 4, 5, 4], "(10,6)": [10, 6]};
  const swatch = (name) => {
    const svg = makeSvg("svg", {width: 30, height: 12, class: "swatch", "aria-hidden": "true"});
    const look = looks.get(name), dash = gaps[look.dash];
    svg.append(makeSvg("line", {x1: 0, x2: 30, y1: 6, y2: 6, stroke: look.colour, "stroke-width": 3,
                                "stroke-dasharray": dash ? dash.join(" ") : "none"}));
    return svg;
  };
  const faint = (colour) => colour + "22";
  let chart = null, panel = null;

  const selected = () => data.panels.find((p) => p.metric === byId("metric").value &&
      p.dataset === byId("dataset").value && p.init === byId("init").value);

  const readout = (u) => {
    const box = byId("readout"), i = u.cursor.idx;
    box.replaceChildren();
    if (i === null || i === undefined) return;
    const budget = Number(panel.labels[i].toPrecision(6));
    box.append(make("strong", {}, data.x.name === "cost" ? `cost ${budget}: ` : `${budget} labels: `));
    panel.strategies
        .filter((s) => shown.get(s.name) && s.mean[i] !== null)
        .sort((a, b) => (panel.lower_is_better ? 1 : -1) * (a.mean[i] - b.mean[i]))
        .forEach((s) => {
          const range = s.low[i] === null ? "" : ` (${s.low[i].toFixed(3)} to ${s.high[i].toFixed(3)})`;
          const value = make("span", {class: "value"}, swatch(s.name), ` ${looks.get(s.name).title} `);
          value.append(make("strong", {}, s.mean[i].toFixed(4)), `${range}, n ${s.n[i]}`);
          box.append(value);
        });
  };

  const seriesOf = (s) => {
    const look = looks.get(s.name), bands = byId("bands").checked, on = shown.get(s.name);
    const edge = {show: on && bands, stroke: "transparent", width: 0, points: {show: false}};
    return [{label: s.name, show: on, stroke: look.colour, width: 2, dash: gaps[look.dash], spanGaps: false,
             points: {show: true, size: 6, fill: look.colour}},
            {...edge, label: s.name + " low"}, {...edge, label: s.name + " high"}];
  };

  const draw = () => {
    panel = selected();
    if (chart) chart.destroy();
    chart = null;
    byId("chart").replaceChildren();
    byId("readout").replaceChildren();
    if (!panel) { byId("chart").append("No rounds yet."); return; }
    const width = byId("chart").clientWidth;
    const options = {
      width, height: width < 500 ? 320 : 420, legend: {show: false},
      cursor: {drag: {x: true, y: true, uni: 30}, focus: {prox: 30}},
      scales: {x: {time: false}},
      axes: [{label: data.x.title, labelSize: 26, grid: {stroke: "#eaeef2"}},
             {label: panel.metric, labelSize: 26, size: 56, grid: {stroke: "#eaeef2"}}],
      series: [{}, ...panel.strategies.flatMap(seriesOf)],
      bands: panel.strategies.map((s, k) => ({series: [3 * k + 3, 3 * k + 2], fill: faint(looks.get(s.name).colour)})),
      hooks: {setCursor: [readout]},
    };
    // A line crosses budgets without rounds (undefined), and breaks where rounds have no value (null).
    const column = (s, values) => values.map((v, i) => s.n[i] === null ? undefined : v);
    const columns = [panel.labels, ...panel.strategies.flatMap((s) => [s.mean, s.low, s.high].map((v) => column(s, v)))];
    chart = new uPlot(options, columns, byId("chart"));
    byId("chart").setAttribute("aria-label",
        `Learning curves of ${panel.metric}: ${panel.dataset}, initial set ${panel.init}`);
    listStrategies();
  };

  const show = (name, on) => {
    shown.set(name, on);
    const k = panel.strategies.findIndex((s) => s.name === name);
    if (k < 0) return;
    chart.setSeries(3 * k + 1, {show: on});
    for (const edge of [3 * k + 2, 3 * k + 3]) chart.setSeries(edge, {show: on && byId("bands").checked});
  };

  const listStrategies = () => {
    byId("strategy-list").replaceChildren(...panel.strategies.map((s) => {
      const box = make("input", {type: "checkbox", "data-strategy": s.name});
      box.checked = shown.get(s.name);
      box.addEventListener("change", () => show(s.name, box.checked));
      return make("li", {}, make("label", {}, box, swatch(s.name), looks.get(s.name).title));
    }));
  };

  const zoom = (factor) => {
    if (!chart) return;
    if (factor === 0) { chart.setData(chart.data, true); return; }
    const {min, max} = chart.scales.x, middle = chart.cursor.idx == null ? (min + max) / 2 : panel.labels[chart.cursor.idx];
    const half = (max - min) / 2 / factor, all = panel.labels;
    chart.setScale("x", {min: Math.max(all[0], middle - half), max: Math.min(all[all.length - 1], middle + half)});
  };

  const moveCursor = (step) => {
    if (!chart) return;
    const last = panel.labels.length - 1;
    const from = chart.cursor.idx ?? (step > 0 ? -1 : last + 1);
    const i = Math.min(last, Math.max(0, from + step));
    const shownMeans = panel.strategies.filter((s) => shown.get(s.name)).map((s) => s.mean[i]).filter((v) => v !== null);
    const top = shownMeans.length ? chart.valToPos(Math.max(...shownMeans), "y") : 0;
    chart.setCursor({left: chart.valToPos(panel.labels[i], "x"), top});
  };

  const fill = (select, values) => {
    const before = select.value;
    select.replaceChildren(...values.map((v) => make("option", {value: v}, v)));
    if (values.includes(before)) select.value = before;
  };
  const distinct = (values) => [...new Set(values)];
  const fillInits = () => fill(byId("init"),
      distinct(data.panels.filter((p) => p.dataset === byId("dataset").value).map((p) => p.init)));

  const startCurves = () => {
    fill(byId("dataset"), distinct(data.panels.map((p) => p.dataset)));
    fill(byId("metric"), distinct(data.panels.map((p) => p.metric)));
    fillInits();
    if (data.panels.some((p) => p.metric === data.metric)) byId("metric").value = data.metric;
    byId("dataset").addEventListener("change", () => { fillInits(); draw(); });
    for (const id of ["init", "metric", "bands"]) byId(id).addEventListener("change", draw);
    for (const [id, on] of [["all", true], ["none", false]]) {
      byId(id).addEventListener("click", () => { for (const s of data.strategies) shown.set(s.name, on); draw(); });
    }
    byId("zoom-in").addEventListener("click", () => zoom(2));
    byId("zoom-out").addEventListener("click", () => zoom(0.5));
    byId("zoom-reset").addEventListener("click", () => zoom(0));
    byId("chart").addEventListener("keydown", (event) => {
      const action = {ArrowRight: () => moveCursor(1), ArrowLeft: () => moveCursor(-1), "+": () => zoom(2),
                      "-": () => zoom(0.5), "0": () => zoom(0)}[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    });
    let width = window.innerWidth;
    window.addEventListener("resize", () => {
      if (window.innerWidth === width) return;  // phones resize when their address bar hides
      width = window.innerWidth;
      draw();
    });
    draw();
  };

  // ---- Confusion by round ----
  const shade = (share) => {  // of white towards blue; black or white text, whichever is told better
    const rgb = [0, 90, 150].map((c) => Math.round(255 + (c - 255) * share));
    const light = rgb.map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
    return `background: rgb(${rgb.join(", ")}); color: ${luminance > 0.179 ? "#000" : "#fff"}`;
  };
  const percent = (thousandths) => thousandths === null ? "-" : (thousandths / 10).toFixed(thousandths < 100 ? 1 : 0);

  // A section that shows one of `entries` (each of a data set, an initial set and a strategy): fills its selects ID-dataset,
  // ID-init and ID-strategy, and its slider ID-round, if it has one, over the numbers of labels; draw(entry, step) fills the rest.
  // Returns what draws it again.
  const startSection = (id, entries, draw) => {
    if (!entries.length) return () => {};
    byId(id).hidden = false;
    const select = (what) => byId(`${id}-${what}`), slider = byId(`${id}-round`);
    const entry = () => entries.find((e) => e.dataset === select("dataset").value && e.init === select("init").value &&
        e.strategy === select("strategy").value);
    const fillBelow = () => {
      const ofData = entries.filter((e) => e.dataset === select("dataset").value);
      fill(select("init"), distinct(ofData.map((e) => e.init)));
      fill(select("strategy"), ofData.filter((e) => e.init === select("init").value).map((e) => e.strategy));
    };
    const redraw = () => {
      const now = entry(), step = slider ? Math.min(Number(slider.value), now.labels.length - 1) : 0;
      if (slider) {
        slider.max = now.labels.length - 1;
        slider.setAttribute("aria-valuetext", `${now.labels[step]} labels`);
        byId(`${id}-labels`).textContent = now.labels[step];
      }
      draw(now, step);
    };
    fill(select("dataset"), distinct(entries.map((e) => e.dataset)));
    fillBelow();
    for (const what of ["dataset", "init"]) select(what).addEventListener("change", () => { fillBelow(); redraw(); });
    select("strategy").addEventListener("change", redraw);
    if (slider) {
      slider.max = slider.value = entry().labels.length - 1;
      slider.addEventListener("input", redraw);
    }
    redraw();
    return redraw;
  };
  const seeds = (n) => `${n} ${n === 1 ? "seed" : "seeds"}`;

  const worstPair = (c, shares) => {
    const k = c.classes.length;
    let worst = null;
    shares.forEach((v, i) => {
      if (v !== null && i % k !== Math.floor(i / k) && (worst === null || v > shares[worst])) worst = i;
    });
    return worst === null || !shares[worst] ? "nothing is confused" :
        `most often confused: ${c.classes[Math.floor(worst / k)]} taken for ${c.classes[worst % k]}, ${percent(shares[worst])} %`;
  };

  const drawConfusion = (c, i) => {
    const k = c.classes.length, shares = c.shares[i];
    byId("confusion-says").textContent = `${looks.get(c.strategy).title}, ${c.labels[i]} labels, ` +
        `${seeds(c.trials[i])}: ${worstPair(c, shares)}.`;
    const table = make("table", {class: "confusion", "aria-label": "confusion"});
    const head = table.createTHead().insertRow(), body = table.createTBody();
    head.append(make("th", {scope: "col"}, "true \\ predicted"));
    c.classes.forEach((name, p) => head.append(make("th", {scope: "col", title: name, "aria-label": name}, String(p + 1))));
    c.classes.forEach((name, t) => {
      const row = body.insertRow();
      row.append(make("th", {scope: "row"}, `${t + 1} ${name}`));
      for (let p = 0; p < k; ++p) {
        const v = shares[t * k + p];
        row.append(make("td", {style: shade((v || 0) / 1000), title: `${name} taken for ${c.classes[p]}: ${percent(v)} %`},
                        percent(v)));
      }
    });
    byId("confusion-table").replaceChildren(table);
  };

  const startConfusion = () => startSection("confusion", data.confusion, drawConfusion);

  // ---- Calibration by round ----
  const drawCalibration = (c, i) => {
    const bins = c.bins[i], total = bins.reduce((sum, [, , n]) => sum + n, 0), most = Math.max(...bins.map(([, , n]) => n));
    const gap = bins.reduce((sum, [sure, right, n]) => sum + n * Math.abs(sure - right), 0) / total / 1000;
    const over = bins.reduce((sum, [sure, right, n]) => sum + n * (sure - right), 0) / total / 1000;
    byId("calibration-says").textContent = `${looks.get(c.strategy).title}, ${c.labels[i]} labels, ${seeds(c.trials[i])}: ` +
        `expected calibration error ${gap.toFixed(3)}; on average ${Math.abs(over).toFixed(3)} ` +
        `${over >= 0 ? "more" : "less"} sure than right.`;
    const size = 320, left = 46, top = 8, below = 70, colour = looks.get(c.strategy).colour;
    const x = (share) => left + size * share, y = (share) => top + size * (1 - share), floor = top + size + 34 + below;
    const svg = makeSvg("svg", {viewBox: `0 0 ${left + size + 14} ${floor + 4}`, class: "reliability"});
    const line = (attributes) => svg.append(makeSvg("line", attributes));
    const text = (content, attributes) => addText(svg, content, attributes);
    for (const share of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
      line({x1: x(0), x2: x(1), y1: y(share), y2: y(share), stroke: "#d0d7de"});
      line({x1: x(share), x2: x(share), y1: y(0), y2: y(1), stroke: "#d0d7de"});
      text(share.toFixed(1), {x: left - 6, y: y(share) + 4, "text-anchor": "end"});
      text(share.toFixed(1), {x: x(share), y: y(0) + 16, "text-anchor": "middle"});
    }
    line({x1: x(0), x2: x(1), y1: y(0), y2: y(1), stroke: "#57606a", "stroke-dasharray": "5 5"});
    text("confidence", {x: x(0.5), y: y(0) + 31, "text-anchor": "middle"});
    text("accuracy", {x: 12, y: y(0.5), "text-anchor": "middle", transform: `rotate(-90 12 ${y(0.5)})`});
    const known = bins.filter(([, , n]) => n > 0), at = ([sure, right]) => [x(sure / 1000), y(right / 1000)];
    svg.append(makeSvg("polyline", {points: known.map((b) => at(b).join(",")).join(" "), fill: "none", stroke: colour, "stroke-width": 2}));
    for (const bin of known) {
      const [cx, cy] = at(bin), height = (below - 4) * bin[2] / most;
      svg.append(makeSvg("circle", {cx, cy, r: 4, fill: colour}));
      const b = bins.indexOf(bin);
      svg.append(makeSvg("rect", {x: x(b / bins.length) + 1, width: size / bins.length - 2, y: floor - height, height, fill: "#8c959f"}));
    }
    byId("calibration-chart").replaceChildren(svg);
    byId("calibration-table").replaceChildren(makeTable({
      name: "calibration",
      columns: ["confidence", "mean", "accuracy", "predictions"].map((name, k) => ({name, numeric: k > 0})),
      rows: bins.map(([sure, right, n], b) => {
        const edge = (e) => (e / bins.length).toFixed(2), value = (v) => [v === null ? "-" : (v / 1000).toFixed(3), v];
        return [[`${edge(b)} to ${edge(b + 1)}`, b], value(sure), value(right), [String(n), n]];
      }),
    }));
  };
  const startCalibration = () => startSection("calibration", data.calibration, drawCalibration);

  // ---- Gallery of picks ----
  const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  const drawGallery = (entry) => {
    const pictures = data.samples.pictures[entry.pictures];
    byId("gallery-says").textContent = `${looks.get(entry.strategy).title}, initial set ${entry.init}, seed ${entry.seed}.`;
    byId("gallery-batches").replaceChildren(...entry.batches.map((batch, b) => {
      const first = b === 0 && entry.batches.length > 1;
      const title = `${batch.round === 0 ? "Initial set" : first ? "First query" : "Last query"}: ${plural(batch.n, "pick")}, ${batch.labels} labels after it`;
      const box = make("div", {class: "batch"}, make("h3", {}, title));
      for (const c of batch.classes) {
        const name = c.name || "tiles";
        const list = make("ul", {class: "thumbnails", "aria-label": `${name}, ${title}`});
        for (const picture of c.shown) {
          const index = picture.split("-").pop();
          list.append(make("li", {}, make("img", {src: "data:image/png;base64," + pictures[picture],
                                                  alt: `${name}, sample ${index}`, title: `${name}, sample ${index}`})));
        }
        box.append(make("div", {class: "class"}, make("h4", {}, `${name}: ${c.n}`), ...(c.shown.length ? [list] : [])));
      }
      return box;
    }));
  };
  const startGallery = () => startSection("gallery", data.samples.gallery, drawGallery);

  // ---- Predictions of test tiles ----
  const drawTiles = (entry) => {
    byId("tiles-says").textContent = `${looks.get(entry.strategy).title}, initial set ${entry.init}, seed ${entry.seed}: ` +
        `${plural(entry.tiles.length, "tile")} of the test set.`;
    const colours = [...entry.classes.map((name, label) => [name, data.class_colours[label]]), ["no label", "#ffffff"]];
    byId("tiles-legend").replaceChildren(...colours.map(([name, fill]) => {
      const svg = makeSvg("svg", {width: 14, height: 14, "aria-hidden": "true"});
      svg.append(makeSvg("rect", {x: 0.5, y: 0.5, width: 13, height: 13, rx: 2, fill, stroke: "#8c959f"}));
      return make("li", {}, svg, name);
    }));
    const columns = [["image", "image"], ["label", "label"], ["prediction", "prediction"], ["entropy", "unsure"]];
    const table = make("table", {class: "tiles", "aria-label": "predictions of test tiles"});
    const headings = table.createTHead().insertRow(), body = table.createTBody();
    for (const title of ["tile", ...columns.map(([, title]) => title)]) headings.append(make("th", {scope: "col"}, title));
    for (const tile of entry.tiles) {
      const row = body.insertRow();
      row.append(make("th", {scope: "row"}, String(tile.index)));
      const shared = data.samples.pictures[entry.pictures], name = `test-${tile.index}`;
      const pictures = {image: shared[name], label: shared[name + "-label"], ...tile};
      for (const [key, title] of columns) {
        row.insertCell().append(make("img", {src: "data:image/png;base64," + pictures[key], alt: `${title} of test tile ${tile.index}`,
                                             class: key === "image" ? "" : "pixels"}));
      }
    }
    byId("tiles-table").replaceChildren(table);
  };
  const startTiles = () => startSection("tiles", data.samples.tiles, drawTiles);

  // ---- Map of the pool ----
  const shapes = {  // of classes, so that colour is not all that tells them apart; of radius 1
    circle: "M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z", square: "M-.9-.9H.9V.9H-.9Z", up: "M0-1.2L1.1.8H-1.1Z", down: "M0 1.2L1.1-.8H-1.1Z",
    diamond: "M0-1.3L1.3 0L0 1.3L-1.3 0Z",
  };
  const shapeOf = (label) => Object.values(shapes)[label < 0 ? 0 : Math.floor(label / 2) % 5];
  const colourOf = (label) => label < 0 ? "#8c959f" : data.class_colours[label];
  const className = (map, label) => label < 0 ? "no class" : map.classes[label] || `class ${label}`;
  const mark = (x, y, size, label, attributes) => makeSvg("path",
      {d: shapeOf(label), transform: `translate(${x} ${y}) scale(${size})`, fill: colourOf(label), ...attributes});

  const drawMap = (entry, step) => {
    const map = data.samples.maps[entry.map], wanted = byId("map-class").value;
    const at = (row) => map.points.slice(3 * row, 3 * row + 3), air = 20;
    const svg = makeSvg("svg", {viewBox: `${-air} ${-air} ${map.width + 2 * air} ${map.height + 2 * air}`, class: "map"});
    const place = (row) => { const [x, y, label] = at(row); return [x, map.height - y, label]; };
    const isWanted = (label) => wanted === "" || String(label) === wanted;
    for (let row = 0; row < map.n_even; ++row) {
      const [x, y, label] = place(row);
      if (isWanted(label)) svg.append(mark(x, y, 5, label, {opacity: 0.45}));
    }
    const picked = new Map(), bought = new Map();  // class -> picks until now, of this round
    entry.rounds.slice(0, step + 1).forEach((rows, round) => {
      for (const row of rows) {
        const [x, y, label] = place(row), now = round === step;
        picked.set(label, (picked.get(label) || 0) + 1);
        if (now) bought.set(label, (bought.get(label) || 0) + 1);
        if (!isWanted(label)) continue;
        svg.append(mark(x, y, now ? 11 : 8, label, {stroke: now ? "#d00000" : "#000000", "stroke-width": now ? 0.3 : 0.2,
                                                    "data-picked": now ? "now" : "before"}));
      }
    });
    byId("map-chart").replaceChildren(svg);
    const n = (counts) => [...counts.values()].reduce((a, b) => a + b, 0);
    byId("map-says").textContent = `${looks.get(entry.strategy).title}, seed ${entry.seed}, ${entry.labels[step]} labels: ` +
        `${plural(n(picked), "pick")} drawn, black edges; red edges: the ${n(bought)} of ${step === 0 ? "the initial set" : "query " + step}.`;
    const pool = new Map();
    for (let row = 0; row < map.n_even; ++row) pool.set(at(row)[2], (pool.get(at(row)[2]) || 0) + 1);
    const labels = [...new Set([...pool.keys(), ...picked.keys()])].sort((a, b) => a - b);
    const table = makeTable({
      name: "picks by class", columns: ["class", "of the pool", "picked", "this round"].map((name, k) => ({name, numeric: k > 0})),
      rows: labels.map((label) => [[className(map, label), className(map, label)],
                                   ...[pool, picked, bought].map((counts) => counts.get(label) || 0).map((v) => [String(v), v])]),
    });
    table.querySelectorAll("tbody tr").forEach((tr, i) => {
      const key = makeSvg("svg", {width: 16, height: 14, viewBox: "-1.5 -1.5 3 3", "aria-hidden": "true"});
      key.append(mark(0, 0, 1, labels[i], {}));
      tr.cells[0].prepend(key, " ");
    });
    byId("map-table").replaceChildren(table);
  };
  const startMap = () => {
    const classes = new Map();
    for (const map of Object.values(data.samples.maps)) {
      for (let i = 2; i < map.points.length; i += 3) classes.set(map.points[i], className(map, map.points[i]));
    }
    const sorted = [...classes].sort(([a], [b]) => a - b);
    byId("map-class").replaceChildren(make("option", {value: ""}, "all"), ...sorted.map(([label, name]) => make("option", {value: label}, name)));
    const redraw = startSection("map", data.samples.map_picks, (entry, step) => {
      const map = data.samples.maps[entry.map], percent = (share) => `${(100 * share).toFixed(0)} %`;
      byId("map-hint").textContent = `First two principal components of ${map.embeddings}; they hold ${percent(map.shares[0])} and ` +
          `${percent(map.shares[1])} of the variance, so near points may be far apart. ${plural(map.n_even, "sample")} spread over the pool, ` +
          "coloured by their true class, and the picks of one seed; the slider goes through the rounds.";
      drawMap(entry, step);
    });
    byId("map-class").addEventListener("change", redraw);
  };

  // ---- Farm timeline ----
  const outcomes = {done: "#0072B2", failed: "#D55E00", interrupted: "#E69F00", running: "#57606a"};
  const clock = (seconds) => {
    const s = Math.round(seconds), pad = (v) => String(v).padStart(2, "0");
    return `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
  };
  const describe = (a) => `${a.key}, attempt ${a.attempt} on ${a.worker}: ${a.outcome} after ${clock(a.seconds)}` +
      (a.message ? ` (${a.message})` : "");
  const niceStep = (span) => [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 86400].find((s) => span / s <= 8) ||
      Math.ceil(span / 8 / 86400) * 86400;

  // A rank may run several trials at once: each of its lanes is a worker of its own.
  const nameLanes = (attempts) => {
    const ends = new Map();  // rank -> when each of its lanes is free again
    for (const a of [...attempts].sort((x, y) => x.started - y.started)) {
      const lanes = ends.get(a.rank) || [];
      let lane = lanes.findIndex((end) => end <= a.started + 0.05);
      if (lane < 0) lane = lanes.length;
      lanes[lane] = a.started + a.seconds;
      ends.set(a.rank, lanes);
      a.lane = lane;
    }
    for (const a of attempts) a.worker = ends.get(a.rank).length > 1 ? `${a.rank} #${a.lane + 1}` : a.rank;
  };

  const gantt = (attempts, workers) => {
    const start = Math.min(...attempts.map((a) => a.started));
    const span = Math.max(1, ...attempts.map((a) => a.started - start + a.seconds));
    const left = 11 + 7 * Math.max(...workers.map((w) => w.length)), row = 22;
    const width = Math.max(640, byId("gantt").clientWidth), scale = (width - left - 12) / span;
    const svg = makeSvg("svg", {width, height: row * workers.length + 34});
    const text = (content, attributes) => addText(svg, content, attributes);
    for (let t = 0; t <= span; t += niceStep(span)) {
      const x = left + t * scale;
      svg.append(makeSvg("line", {x1: x, x2: x, y1: 0, y2: row * workers.length + 4, stroke: "#d0d7de"}));
      text(clock(t), {x, y: row * workers.length + 20, "text-anchor": t === 0 ? "start" : "middle"});
    }
    workers.forEach((w, i) => text(w, {x: left - 8, y: row * i + 15, "text-anchor": "end"}));
    for (const a of attempts) {
      const bar = makeSvg("rect", {x: left + (a.started - start) * scale, y: row * workers.indexOf(a.worker) + 3,
                                   width: Math.max(1.5, a.seconds * scale - 0.7), height: row - 6, rx: 2,
                                   fill: outcomes[a.outcome] || outcomes.running, "data-outcome": a.outcome});
      const title = makeSvg("title");
      title.textContent = describe(a);
      bar.append(title);
      bar.addEventListener("mouseenter", () => { byId("attempt").textContent = describe(a); });
      svg.append(bar);
    }
    byId("gantt").replaceChildren(svg);
  };

  const startFarm = () => {
    const {attempts, total} = data.farm;
    if (!attempts.length) { byId("farm-summary").textContent = "No attempts are recorded."; byId("gantt").remove(); return; }
    nameLanes(attempts);
    const workers = distinct(attempts.map((a) => a.worker)).sort((a, b) => a.localeCompare(b, "en", {numeric: true}));
    const busy = attempts.reduce((sum, a) => sum + a.seconds, 0);
    const span = Math.max(...attempts.map((a) => a.started + a.seconds)) - Math.min(...attempts.map((a) => a.started));
    byId("farm-summary").textContent = `${total} attempts on ${workers.length} worker${workers.length > 1 ? "s" : ""} in ${clock(span)}; ` +
        `busy ${span > 0 ? Math.round(100 * busy / span / workers.length) : 100} % of it.` +
        (attempts.length < total ? ` The first ${attempts.length} are drawn.` : "");
    for (const [name, colour] of Object.entries(outcomes)) {
      const count = attempts.filter((a) => a.outcome === name).length;
      if (!count) continue;
      const svg = makeSvg("svg", {width: 14, height: 14, "aria-hidden": "true"});
      svg.append(makeSvg("rect", {width: 14, height: 14, rx: 2, fill: colour}));
      byId("farm-legend").append(make("li", {}, svg, `${count} ${name}`));
    }
    gantt(attempts, workers);
    window.addEventListener("resize", () => gantt(attempts, workers));
    const odd = attempts.filter((a) => a.outcome !== "done" || a.attempt > 1);
    if (!odd.length) return;
    const columns = ["trial", "attempt", "worker", "outcome", "seconds", "message"];
    byId("attempt-table").append(make("h3", {}, "Failures and retries"), makeTable({
      name: "failures and retries",
      columns: columns.map((name) => ({name, numeric: name === "attempt" || name === "seconds"})),
      rows: odd.map((a) => [[a.key, a.key], [String(a.attempt), a.attempt], [a.worker, a.worker], [a.outcome, a.outcome],
                            [a.seconds.toFixed(1), a.seconds], [a.message, a.message]]),
    }));
  };

  // ---- The rest ----
  // On paper everything is open; afterwards as it was.
  const openForPrint = () => {
    let closed = [];
    window.addEventListener("beforeprint", () => {
      closed = [...document.querySelectorAll("details:not([open])")];
      for (const details of closed) details.open = true;
    });
    window.addEventListener("afterprint", () => { for (const details of closed) details.open = false; });
  };

  const startPage = () => {
    for (const link of document.querySelectorAll("nav a")) {
      const section = byId(link.hash.slice(1));
      new MutationObserver(() => { link.hidden = section.hidden; }).observe(section, {attributes: true});
      link.hidden = section.hidden;
    }
    openForPrint();
    document.title = byId("title").textContent = data.title;
    byId("state").textContent = data.state;
    byId("made").textContent = data.made;
    const notes = [...data.notes, ...data.samples.notes];
    byId("notes-section").hidden = !notes.length;
    byId("notes").append(...notes.map((note) => make("li", {}, note)));
    data.tables.forEach((spec, i) => {
      const details = make("details", i < 2 ? {open: ""} : {}, make("summary", {}, spec.name));
      details.append(make("p", {class: "caption"}, spec.caption));
      if (spec.says.length) details.append(make("ul", {class: "says"}, ...spec.says.map((s) => make("li", {}, s))));
      details.append(makeTable(spec));
      byId("table-list").append(details);
    });
    byId("figures").hidden = !data.figures.length;
    byId("figure-list").append(...data.figures.map((f) => make("figure", {}, make("img", {src: f.image, alt: f.name}))));
    for (const file of data.files) {
      const rows = Object.entries(file.attributes).filter(([name]) => name !== "config");
      byId("files").append(make("h3", {}, file.path), makeTable({
        name: file.path, columns: [{name: "what"}, {name: "value"}],
        rows: [["complete", file.complete ? "yes" : "no"], ...rows].map(([k, v]) => [[k, k], [v, v]]),
      }));
      if (file.attributes.config) {
        byId("files").append(make("details", {}, make("summary", {}, "configuration"),
                                  make("pre", {tabindex: "0"}, file.attributes.config)));
      }
    }
  };

  startPage();
  startCurves();
  startConfusion();
  startCalibration();
  startGallery();
  startTiles();
  startMap();
  startFarm();
})();
