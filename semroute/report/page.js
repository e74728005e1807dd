"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const phone = () => window.innerWidth < 700;
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
  return typeof left === "number" ? left - right : String(left).localeCompare(String(right));
}

/* A table is {columns: [{name, figure}], rows: [{cells: [{value, text, note}], marked}]}. */
function table(holder, content) {
  const searchable = holder.dataset.search;
  const tools = element("div", undefined, "tools");
  const search = element("input");
  const count = element("span", "", "count");
  if (searchable) {
    search.type = "search";
    search.placeholder = searchable;
    search.setAttribute("aria-label", searchable);
    tools.append(search, count);
    holder.append(tools);
  }
  const scroll = element("div", undefined, "scroll");
  scroll.tabIndex = 0;
  const grid = element("table");
  const head = element("tr");
  const body = element("tbody");
  const rows = content.rows.map((row) => ({ row, node: tableRow(content.columns, row) }));
  content.columns.forEach((column, place) => {
    const cell = element("th", undefined, column.figure ? "figure" : "");
    const button = element("button", column.name);
    button.type = "button";
    cell.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const first = column.figure ? "descending" : "ascending";
      const second = column.figure ? "ascending" : "descending";
      const next = cell.getAttribute("aria-sort") === first ? second : first;
      head.querySelectorAll("th").forEach((other) => other.setAttribute("aria-sort", "none"));
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
    count.textContent = `${shown} of ${rows.length}`;
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
    const made = element("td", cell.text, columns[place].figure ? "figure" : "text");
    if (cell.note) made.append(element("small", cell.note));
    node.append(made);
  });
  return node;
}

function layout(more) {
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("--ink"), size: 13, family: "system-ui, DejaVu Sans, sans-serif" },
    margin: phone() ? { l: 46, r: 10, t: 10, b: 46 } : { l: 62, r: 20, t: 10, b: 50 },
    legend: { orientation: "h", y: -0.18, yanchor: "top", font: { size: phone() ? 11 : 13 } },
    hoverlabel: { align: "left", bgcolor: colour("--card"), font: { color: colour("--ink") } },
    ...more,
    xaxis: { ...axis, ...more.xaxis },
    yaxis: { ...axis, ...more.yaxis },
  };
}

const config = { displayModeBar: false, responsive: true };

/* Names that have no room beside their marks are numbers there, and told below the chart. */
function labelled(group) {
  if (!group.names) return { mode: "markers" };
  const written = group.named.map((isClear) => isClear && !phone());
  const numbered = group.names.map((name, place) => `${place + 1}\u00a0${name}`).filter((_, place) => !written[place]);
  const told = numbered.length ? `One model for everything: ${numbered.join(", ")}.` : "";
  document.getElementById("numbered").textContent = told;
  return {
    mode: "markers+text",
    text: group.names.map((name, place) => (written[place] ? plain(name) : String(place + 1))),
    textposition: group.places,
  };
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
      ...labelled(group),
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
  }), config);
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

function draw() { drawCurve(); drawMap(); }

for (const [name, content] of Object.entries(data.tables)) {
  const holder = document.querySelector(`[data-table="${name}"]`);
  if (holder) table(holder, content);
}
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
matchMedia("(max-width: 700px)").addEventListener("change", draw);
document.body.dataset.ready = "yes";
