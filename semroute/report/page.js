"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const page = document.documentElement;
const onPaper = () => page.classList.contains("paper");
const phone = () => window.innerWidth < 700 && !onPaper();
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
// Plotly reads a few tags in its texts; names come from queries and must stay text.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function order(left, right) {
  if (left === null || right === null) return (left === null) - (right === null);
  if (typeof left === "number") return left - right;
  return String(left).localeCompare(String(right), undefined, { numeric: true });
}

/* A table is {columns: [{name, figure}], rows: [{cells: [{value, text, note}], marked}]}. */
function table(holder, content) {
  const searchable = holder.dataset.search;
  const tools = element("div", undefined, "tools");
  const search = element("input");
  const count = element("span", "", "count");
  const restore = element("button", holder.dataset.order);
  restore.type = "button";
  restore.hidden = true;
  if (searchable) {
    search.type = "search";
    search.placeholder = searchable;
    search.setAttribute("aria-label", searchable);
    tools.append(search, count);
  }
  tools.append(restore);
  holder.append(tools);
  const scroll = element("div", undefined, searchable ? "scroll long" : "scroll");
  scroll.tabIndex = 0;
  const grid = element("table");
  const head = element("tr");
  const body = element("tbody");
  const rows = content.rows.map((row) => ({ row, node: tableRow(content.columns, row) }));
  const first = [...rows];
  const unsorted = () => head.querySelectorAll("th").forEach((one) => one.setAttribute("aria-sort", "none"));
  restore.addEventListener("click", () => {
    unsorted();
    body.append(...first.map((one) => one.node));
    restore.hidden = true;
  });
  content.columns.forEach((column, place) => {
    const cell = element("th", undefined, column.figure ? "figure" : "");
    const button = element("button", column.name);
    button.type = "button";
    cell.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const [usual, turned] = column.figure ? ["descending", "ascending"] : ["ascending", "descending"];
      const next = cell.getAttribute("aria-sort") === usual ? turned : usual;
      unsorted();
      restore.hidden = false;
      cell.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      rows.sort((a, b) => {
        const [left, right] = [a, b].map((one) => one.row.cells[place].value);
        const unknown = left === null || right === null;
        return (unknown ? 1 : sign) * order(left, right);
      });
      body.append(...rows.map((one) => one.node));
    });
    cell.append(button);
    head.append(cell);
  });
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach(({ node }) => {
      const text = node.textContent.toLowerCase();
      node.hidden = !words.every((word) => text.includes(word));
      shown += !node.hidden;
    });
    count.textContent = shown ? `${shown} of ${rows.length}` : "nothing found";
    scroll.hidden = rows.length > 0 && !shown;
  };
  search.addEventListener("input", show);
  const top = element("thead");
  top.append(head);
  body.append(...rows.map((one) => one.node));
  grid.append(top, body);
  scroll.append(grid);
  holder.append(scroll);
  show();
}

function tableRow(columns, row) {
  const node = element("tr", undefined, row.marked ? "marked" : "");
  row.cells.forEach((cell, place) => {
    const kind = columns[place].figure ? "figure" : `text${/\S{25}/.test(`${cell.text} ${cell.note}`) ? " wide" : ""}`;
    const made = element("td", cell.text, kind);
    if (cell.note) made.append(element("small", cell.note));
    node.append(made);
  });
  return node;
}

function layout(more) {
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("--ink"), size: 13, family: FONT },
    width: onPaper() ? 660 : undefined, autosize: !onPaper(),
    margin: phone() ? { l: 46, r: 10, t: 10, b: 46 } : { l: 62, r: 20, t: 10, b: 50 },
    legend: { orientation: "h", y: -0.18, yanchor: "top", font: { size: phone() ? 11 : 13 } },
    hoverlabel: { align: "left", bgcolor: colour("--card"), font: { color: colour("--ink") } },
    ...more,
    xaxis: { ...axis, ...more.xaxis },
    yaxis: { ...axis, ...more.yaxis },
  };
}

const config = { displayModeBar: false, responsive: true };

/* Each name is where it covers no other name and no mark but its own, a number where it has no
   room; a line leads to names that stand farther off. Boxes are [left, top, right, bottom] in pixels. */
const DISTANCES = [2, 10, 20, 32, 46, 62, 80, 110, 150];
const DIRECTIONS = [
  [1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1],
  [1, -0.5], [1, 0.5], [-1, -0.5], [-1, 0.5], [0.5, -1], [0.5, 1], [-0.5, -1], [-0.5, 1],
];
const FONT = "system-ui, DejaVu Sans, sans-serif";

const around = (x, y, width, height) => [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
const between = (a, b, step = 5) => {
  const n = Math.max(1, Math.ceil(Math.hypot(b.x - a.x, b.y - a.y) / step));
  return Array.from({ length: n + 1 }, (_, i) => around(a.x + (b.x - a.x) * i / n, a.y + (b.y - a.y) * i / n, 2, 2));
};

function writeNames(plot) {
  const { xaxis, yaxis } = plot._fullLayout;
  const spot = (cost, score) => ({ x: xaxis.d2p(cost), y: yaxis.d2p(score) });
  const { groups, curve, mix } = data.curve;
  const marks = groups.flatMap((group) => group.cost.map((cost, place) => {
    const at = spot(cost, group.score[place]);
    const size = group.size * (group.symbol === "star" ? 1.4 : 1) + 3;
    return { group, place, at, box: around(at.x, at.y, size, size) };
  }));
  const lines = [curve, mix].flatMap(({ cost, score }) =>
    cost.slice(1).flatMap((_, i) => between(spot(cost[i], score[i]), spot(cost[i + 1], score[i + 1]))));
  lines.push(...groups.flatMap((group) => group.cost.flatMap((cost, i) =>
    between(spot(cost, group.score[i] - group.down[i]), spot(cost, group.score[i] + group.up[i])))));
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `13px ${FONT}`;
  const written = [], numbered = [];
  const inside = [-4, 0, xaxis._length, yaxis._length];
  const cost = (box, lead, mark) => {
    const outside = box[0] < inside[0] || box[1] < inside[1] || box[2] > inside[2] || box[3] > inside[3];
    const covered = marks.filter((one) => meet(one.box, box)).length + written.filter((one) => meet(one, box)).length;
    const crossed = marks.filter((one) => one !== mark && lead.some((dot) => meet(dot, one.box))).length
      + written.filter((one) => lead.some((dot) => meet(dot, one))).length;
    return 5000 * outside + 1000 * covered + 100 * crossed + 4 * lines.filter((dot) => meet(dot, box)).length;
  };
  plot.layout.annotations = marks.filter((mark) => mark.group.names).map((mark) => {
    const name = mark.group.names[mark.place], number = String(mark.place + 1);
    let best = { cost: Infinity };
    for (const text of phone() ? [number] : [name, number]) {
      const [width, height] = [pen.measureText(text).width + 6, 18];
      for (const distance of DISTANCES) for (const [right, down] of DIRECTIONS) {
        const away = mark.group.size / 2 + distance;
        const x = right * (away + width / 2), y = down * (away + height / 2);
        const box = around(mark.at.x + x, mark.at.y + y, width, height);
        const line = distance > 5 ? between(mark.at, { x: mark.at.x + x, y: mark.at.y + y }) : [];
        const lead = line.filter((dot) => !meet(dot, box));
        const total = cost(box, lead, mark) + distance + (text === name ? 0 : 60);
        if (total < best.cost) best = { cost: total, text, x, y, box, lead };
      }
    }
    written.push(best.box);
    lines.push(...best.lead);
    if (best.text !== name) numbered.push(`${number}\u00a0${name}`);
    const leads = best.lead.length > 0;
    return {
      x: mark.group.cost[mark.place], y: mark.group.score[mark.place], text: plain(best.text),
      showarrow: leads, arrowhead: 0, arrowwidth: 1, arrowcolor: colour("--soft"), standoff: mark.group.size / 2,
      ...(leads ? { ax: best.x, ay: best.y } : { xshift: best.x, yshift: -best.y }),
      xanchor: "center", yanchor: "middle", borderpad: 0, captureevents: false,
      font: { size: 13, family: FONT },
    };
  });
  const told = numbered.length ? `One model for everything: ${numbered.join(", ")}.` : "";
  document.getElementById("numbered").textContent = told;
  // Without its range an axis would make room for the names, and move the marks.
  return Plotly.relayout(plot, {
    annotations: plot.layout.annotations, "xaxis.range": [...xaxis.range], "yaxis.range": [...yaxis.range],
  });
}

function drawCurve() {
  const { groups, curve, mix } = data.curve;
  const traces = [
    {
      x: mix.cost, y: mix.score, mode: "lines", name: "single models mixed at random",
      line: { color: colour("--soft"), dash: "dot", width: 1.5 }, hoverinfo: "skip",
    },
    {
      x: curve.cost, y: curve.score, mode: "lines", name: "semroute at other tolerances",
      line: { color: colour("--accent"), width: 2.5 },
      text: curve.hover.map(plain), hovertemplate: "%{text}<extra></extra>",
    },
    ...groups.map((group) => ({
      x: group.cost, y: group.score, name: plain(group.name),
      mode: "markers",
      cliponaxis: false,
      customdata: group.hover.map(plain), hovertemplate: "%{customdata}<extra></extra>",
      error_y: {
        type: "data", symmetric: false, array: group.up, arrayminus: group.down,
        thickness: 1, width: 3, color: group.colour || colour("--accent"),
      },
      marker: {
        symbol: group.symbol, size: group.size, color: group.colour || colour("--accent"),
        line: { width: 1.5, color: colour("--card") },
      },
    })),
  ];
  Plotly.react("curve", traces, layout({
    xaxis: { title: { text: "cost per 1,000 requests, US dollars" }, rangemode: "tozero", tickprefix: "$" },
    yaxis: { title: { text: phone() ? undefined : "mean score" }, tickformat: ".3~f" },
    height: phone() ? 560 : 500,
    hovermode: "closest",
  }), config).then(writeNames);
}

function drawMap() {
  const traces = data.map.map((group) => ({
    x: group.x, y: group.y, name: plain(group.name), mode: "markers",
    customdata: group.hover.map((lines) => lines.map(plain).join("<br>")),
    hovertemplate: "%{customdata}<extra></extra>",
    marker: {
      size: group.size.map((size) => size * (phone() ? 0.7 : 1)), color: group.colour, opacity: 0.85,
      symbol: group.symbol, line: { width: 1, color: colour("--card") },
    },
  }));
  const bare = { showgrid: false, showticklabels: false, ticks: "", showline: false };
  Plotly.react("map", traces, layout({ xaxis: bare, yaxis: bare, hovermode: "closest",
    margin: { l: 10, r: 10, t: 10, b: 10 }, height: phone() ? 430 : 460,
    legend: { orientation: "h", y: -0.05, yanchor: "top", itemsizing: "constant" } }), config);
}

/* Dollars a month, for as many requests as the reader says. */
function monthly(asked) {
  const typed = asked.value.replace(/[\s,._']/g, "");
  const requests = /^\d{1,15}$/.test(typed) ? Number(typed) : NaN;
  const dollars = (one) => {
    const amount = Math.abs(one * requests);
    const digits = amount && amount < 100 ? 2 : 0;
    return "$" + amount.toLocaleString("en-US",
      { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };
  const { value, low, high } = data.saved_usd;
  const word = (one) => one < 0 ? "added" : "saved";
  const ends = value < 0 ? [high, low] : [low, high];
  const isMixed = ends.some((one) => one && word(one) !== word(value));
  const range = ends.map((one) => dollars(one) + (isMixed ? ` ${word(one)}` : "")).join(" to ");
  document.getElementById("monthly").textContent = Number.isNaN(requests)
    ? "Type a whole number of requests."
    : `${dollars(value)} ${word(value)} a month (${range})`;
}

function draw() { drawCurve(); drawMap(); }

for (const [name, content] of Object.entries(data.tables)) {
  const holder = document.querySelector(`[data-table="${name}"]`);
  if (holder) table(holder, content);
}
const asked = document.getElementById("requests");
if (asked) {
  asked.addEventListener("input", () => monthly(asked));
  monthly(asked);
}
draw();

/* Paper has its own width and light colours, and nobody can open anything on it. */
const closed = [];
function paper(isPaper) {
  if (isPaper === onPaper()) return;
  page.classList.toggle("paper", isPaper);
  if (isPaper) closed.push(...document.querySelectorAll("details:not([open])"));
  closed.forEach((one) => { one.open = isPaper; });
  if (!isPaper) closed.length = 0;
  draw();
}
addEventListener("beforeprint", () => paper(true));
addEventListener("afterprint", () => paper(false));
matchMedia("print").addEventListener("change", (media) => paper(media.matches));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(draw, 150);
});
document.body.dataset.ready = "yes";
