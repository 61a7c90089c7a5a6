"use strict";
// Draws the matrix from the data of this page. All text is set as text; none becomes markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const MARKS = {"only live": "-", "not live": "+", "differs": "~"};  // the symbols of drift
  const STEP = {rows: 8, columns: 4};  // what is drawn grows and moves by so many
  const byId = (id) => document.getElementById(id);

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // Cells, decoded: those of row r are numbers starts[r] to starts[r + 1].
  const starts = [0], rowOf = [], columnOf = [], shapeOf = [], placesOf = [];
  for (const row of data.rows) {
    const numbers = row ? row.split(",").map(Number) : [];
    let column = 0, place = 0;
    for (let at = 0; at < numbers.length;) {
      column += numbers[at++];
      const shape = numbers[at++], count = data.shapes[shape][5].length;
      const places = [];
      for (let n = 0; n < count; n++) places.push(place += numbers[at++]);
      rowOf.push(starts.length - 1);
      columnOf.push(column);
      shapeOf.push(shape);
      placesOf.push(places);
    }
    starts.push(columnOf.length);
  }

  const repositories = data.repositories.map(([name, region, error], number) => ({
    number, name, error, title: region ? `${name} (${region})` : name,
    prefix: name.includes("/") ? name.slice(0, name.indexOf("/") + 1) : "without a prefix",
  }));
  const principals = data.principals.map(([label, full, account], number) => ({
    number, label, full, account: account < 0 ? "no account" : data.accounts[account],
  }));
  const shapes = data.shapes.map(([words, look, mark, inFile, live, givers]) => ({
    words, look, mark, inFile, live, givers,
  }));
  const risky = new Set(data.risks.map(([row, column]) => row * principals.length + column));

  // What is shown: principals, repositories, and rows, which are repositories and headings of groups.
  const state = {
    columns: [], repositories: [], rows: [], closed: new Set(), cells: 0, active: {row: -1, column: 0}, matches: [],
  };
  const chosen = (id) => byId(id)?.checked ?? false;

  function cellsOf(row) {
    const found = [];
    for (let at = starts[row]; at < starts[row + 1]; at++) if (state.matches[at]) found.push(at);
    return found;
  }

  // The number of a cell that is shown, -1 where there is none; the cells of a row are sorted.
  function cellAt(row, column) {
    let low = starts[row], high = starts[row + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (columnOf[middle] < column) low = middle + 1;
      else high = middle;
    }
    return low < starts[row + 1] && columnOf[low] === column && state.matches[low] ? low : -1;
  }

  /* Filtering: a cell is shown where each term is part of its repository, its principal or its
     access. A row or a column without such a cell is shown where its own name has every term. */
  function select() {
    const terms = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => terms.map((term) => text.toLowerCase().includes(term));
    const ofRow = repositories.map((one) => has(one.title));
    const ofColumn = principals.map((one) => has(`${one.label} ${one.full} ${one.account}`));
    const ofShape = shapes.map((one) => has(`${one.words} ${one.inFile} ${one.mark}`));
    const only = {risks: chosen("only-risks"), differences: chosen("only-differences")};
    const every = (found) => !only.risks && !only.differences && found.every(Boolean);
    const rows = ofRow.map(every), columns = ofColumn.map(every);
    state.matches = new Uint8Array(columnOf.length);
    state.cells = 0;
    for (let row = 0; row < repositories.length; row++) {
      for (let at = starts[row]; at < starts[row + 1]; at++) {
        const column = columnOf[at], shape = shapeOf[at];
        if (only.risks && !isRisky(at)) continue;
        if (only.differences && !shapes[shape].mark) continue;
        if (!terms.every((_, n) => ofRow[row][n] || ofColumn[column][n] || ofShape[shape][n])) continue;
        state.matches[at] = 1;
        state.cells++;
        rows[row] = columns[column] = true;
      }
    }
    arrange(repositories.filter((_, n) => rows[n]), principals.filter((_, n) => columns[n]));
  }

  function arrange(rows, columns) {
    if (chosen("by-account")) {
      const order = new Map([...new Set(columns.map((one) => one.account))].sort().map((a, n) => [a, n]));
      columns.sort((one, other) => order.get(one.account) - order.get(other.account) || one.number - other.number);
    }
    state.columns = columns;
    state.repositories = state.rows = rows;
    if (chosen("by-prefix")) {
      const groups = new Map();
      for (const row of rows) {
        if (!groups.has(row.prefix)) groups.set(row.prefix, []);
        groups.get(row.prefix).push(row);
      }
      state.rows = [...groups].sort(([one], [other]) => one < other ? -1 : 1).flatMap(([prefix, of]) => [
        {group: prefix, size: of.length}, ...(state.closed.has(prefix) && !chosen("as-list") ? [] : of),
      ]);
    }
    state.active = {row: Math.min(state.active.row, state.rows.length - 1),
      column: Math.min(state.active.column, columns.length)};
    byId("shown").textContent = `${rows.length.toLocaleString("en")} of ` +
      `${repositories.length.toLocaleString("en")} repositories, ${columns.length.toLocaleString("en")} of ` +
      `${principals.length.toLocaleString("en")} principals, ${state.cells.toLocaleString("en")} cells`;
    (chosen("as-list") ? drawList : drawTable)();
    describe();
  }

  const isRisky = (at) => risky.has(rowOf[at] * principals.length + columnOf[at]);

  function chip(at) {
    const {words, look, mark} = shapes[shapeOf[at]];
    const made = element("span", {className: `chip look-${look} ${mark.replace(" ", "-")}`});
    if (mark) made.append(element("b", {className: "mark", title: mark}, MARKS[mark]));
    if (isRisky(at)) made.append(element("b", {className: "flag", title: "risk"}, "!"));
    made.append(words);
    return made;
  }

  function explain(at) {
    const shape = shapes[shapeOf[at]];
    const lines = shape.givers.map((giver, n) => {
      const [what, before, after] = data.givers[giver], number = placesOf[at][n];
      return {of: data.live && n < shape.live ? "live" : "file", what,
        place: before && `${before}${number}${after}`};
    });
    const difference = shape.mark === "differs" ? `live ${shape.words}, file ${shape.inFile}` : shape.mark;
    return {shape, lines, difference, risk: isRisky(at)};
  }

  function inOneLine({shape, lines, difference, risk}) {
    const given = lines.map(({what, place}) => place ? `${what}: ${place}` : what).join("\n");
    return [shape.words, difference, risk ? "a risk, see above" : "", given].filter(Boolean).join("\n");
  }

  /* The table: only the rows and columns in view are in the document, with room for the others. */
  const view = byId("view");
  const size = {row: 34, column: 132, first: 260};
  const drawn = {rows: new Map(), columns: "", window: ""};
  let table = null;

  function drawTable() {
    view.className = "view table";
    table = element("table", {tabIndex: 0, id: "matrix"}, element("colgroup"), element("thead"), element("tbody"));
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", "Access of principals to repositories");
    table.setAttribute("aria-rowcount", state.rows.length + headRows());
    table.setAttribute("aria-colcount", state.columns.length + 1);
    table.addEventListener("keydown", onKey);
    table.addEventListener("focus", () => { if (state.active.row < 0) moveTo(0, 0); });
    table.addEventListener("click", onClick);
    table.addEventListener("mouseover", (event) => nameTitle(event.target.closest("td[id]")));
    const empty = state.rows.length ? [] : [element("p", {}, "Nothing matches the filter.")];
    view.replaceChildren(table, ...empty);
    measure();
  }

  // Fit the table to the width of the view, and draw what is in view anew.
  function measure() {
    if (!table?.isConnected) return;
    size.first = Math.min(260, Math.round(view.clientWidth * 0.42));
    view.style.setProperty("--first", `${size.first}px`);
    view.style.setProperty("--row", `${size.row}px`);
    table.style.width = `${size.first + size.column * state.columns.length}px`;
    drawn.columns = drawn.window = "";
    drawWindow();
  }

  const headRows = () => chosen("by-account") ? 2 : 1;

  function windowOf(offset, extent, each, count, step) {
    const first = Math.floor(offset / each / step) * step - step;
    const last = Math.ceil((offset + extent) / each / step) * step + step;
    return [Math.max(0, first), Math.min(count, last)];
  }

  function drawWindow() {
    if (!table?.isConnected) return;
    const [top, bottom] = windowOf(view.scrollTop, view.clientHeight, size.row, state.rows.length, STEP.rows);
    const [left, right] = windowOf(
      view.scrollLeft, view.clientWidth - size.first, size.column, state.columns.length, STEP.columns);
    if (drawn.window === `${top} ${bottom} ${left} ${right}`) return;
    drawn.window = `${top} ${bottom} ${left} ${right}`;
    const columns = state.columns.slice(left, right);
    if (drawn.columns !== `${left} ${right}`) {
      drawn.columns = `${left} ${right}`;
      drawn.rows.clear();
      table.firstChild.replaceChildren(...widths(columns, left));
      table.tHead.replaceChildren(...headings(columns, left));
    }
    const rows = new Map();
    for (let n = top; n < bottom; n++) {
      rows.set(n, drawn.rows.get(n) ?? drawRow(state.rows[n], n, columns, left));
    }
    drawn.rows = rows;
    table.tBodies[0].replaceChildren(
      spacer(top * size.row), ...rows.values(), spacer((state.rows.length - bottom) * size.row));
    markActive();
  }

  function spacer(height) {
    const row = element("tr", {className: "room"}, element("td"));
    row.setAttribute("aria-hidden", "true");
    row.firstChild.style.height = `${height}px`;
    return row;
  }

  // What stands for the columns that are not drawn, left and right of the others.
  function room() {
    const cell = element("td", {className: "room"});
    cell.setAttribute("aria-hidden", "true");
    return cell;
  }

  function widths(columns, left) {
    const rest = state.columns.length - left - columns.length;
    const each = columns.map(() => size.column);
    return [size.first, left * size.column, ...each, rest * size.column].map((width) => {
      const made = element("col");
      made.style.width = `${width}px`;
      return made;
    });
  }

  function headings(columns, left) {
    const corner = element("th", {scope: "col", className: "corner"}, "Repository");
    const rows = [];
    if (chosen("by-account")) {
      corner.rowSpan = 2;
      const groups = [];
      columns.forEach((one, n) => {
        if (n && columns[n - 1].account === one.account) groups.at(-1).colSpan++;
        else groups.push(element("th", {scope: "colgroup", className: "group", title: one.account, colSpan: 1},
          element("span", {}, one.account)));
      });
      rows.push(element("tr", {}, corner, room(), ...groups, room()));
    }
    const names = columns.map((one, n) => {
      const name = element("th", {scope: "col", title: `${one.full}\n${one.account}`, id: `c${left + n}`},
        element("span", {}, one.label));
      name.setAttribute("aria-colindex", left + n + 2);
      return name;
    });
    const first = chosen("by-account") ? [] : [corner];
    rows.push(element("tr", {}, ...first, room(), ...names, room()));
    rows.forEach((row, n) => row.setAttribute("aria-rowindex", n + 1));
    return rows;
  }

  function drawRow(row, number, columns, left) {
    const made = element("tr");
    made.setAttribute("aria-rowindex", number + (headRows() + 1));
    if (row.group !== undefined) {
      const open = !state.closed.has(row.group);
      const button = element("button", {type: "button", className: "link", tabIndex: -1},
        `${open ? "\u25be" : "\u25b8"} ${row.group} (${row.size})`);
      button.setAttribute("aria-expanded", open);
      made.className = "group";
      made.append(element("th", {scope: "rowgroup", id: `r${number}c0`}, button),
        element("td", {colSpan: columns.length + 2}));
      return made;
    }
    made.append(element("th", {scope: "row", id: `r${number}c0`, title: row.title}, element("span", {}, row.title)));
    if (row.error) {
      made.append(element("td", {colSpan: columns.length + 2, className: "failed", title: row.error}, row.error));
      return made;
    }
    made.append(room(), ...columns.map((column, n) => {
      const at = cellAt(row.number, column.number);
      const cell = element("td", {id: `r${number}c${left + n + 1}`}, ...(at < 0 ? [] : [chip(at)]));
      cell.setAttribute("aria-colindex", left + n + 2);
      return cell;
    }), room());
    return made;
  }

  // What a pointer or a screen reader is told of a cell, made when one of them is there.
  function nameTitle(cell) {
    const [, row, column] = /^r(\d+)c(\d+)$/.exec(cell?.id ?? "") ?? [];
    if (!Number(column) || cell.title || state.rows[row].group !== undefined) return;
    const at = cellAt(state.rows[row].number, state.columns[column - 1].number);
    if (at >= 0) cell.title = inOneLine(explain(at));
  }

  /* The list: one folded part for each repository, filled when it is opened. */
  function drawList() {
    table = null;
    view.className = "view list";
    const rows = state.rows.map((row) => row.group !== undefined
      ? element("h2", {}, row.group) : listed(row));
    view.replaceChildren(...(rows.length ? rows : [element("p", {}, "Nothing matches the filter.")]));
    if (rows.length <= 20) view.querySelectorAll("details").forEach((one) => { one.open = true; });
  }

  function listed(row) {
    const cells = cellsOf(row.number), counts = new Map();
    for (const {words} of cells.map((at) => shapes[shapeOf[at]])) counts.set(words, (counts.get(words) ?? 0) + 1);
    const summary = [...counts].sort((one, other) => other[1] - one[1]).slice(0, 4)
      .map(([words, count]) => `${count} ${words}`).join(", ");
    const made = element("details", {}, element("summary", {},
      element("b", {}, row.title), element("small", {}, row.error || summary || "no access")));
    made.addEventListener("toggle", () => {
      if (!made.open || made.childElementCount > 1) return;
      const order = new Map(state.columns.map((one, n) => [one.number, n]));
      cells.sort((one, other) => order.get(columnOf[one]) - order.get(columnOf[other]));
      made.append(element("ul", {}, ...cells.map((at) => element("li", {}, chip(at), " ",
        element("b", {}, principals[columnOf[at]].label), " ", ...givers(explain(at))))));
    });
    return made;
  }

  function givers({lines, difference}) {
    const said = lines.map(({of, what, place}) => element("small", {},
      `${data.live ? `${of}: ` : ""}${what}${place ? " \u2014 " : ""}`, element("code", {}, place)));
    return difference ? [element("small", {className: "warning"}, difference), ...said] : said;
  }

  /* The active cell: the table keeps the focus, and names the cell. (WAI-ARIA APG, grid pattern.) */
  function moveTo(row, column) {
    if (!state.rows.length) return;
    state.active = {row: Math.max(0, Math.min(row, state.rows.length - 1)),
      column: Math.max(0, Math.min(column, state.columns.length))};
    const head = table.tHead.offsetHeight;
    const top = state.active.row * size.row, left = (state.active.column - 1) * size.column;
    if (top < view.scrollTop) view.scrollTop = top;
    if (top + size.row + head > view.scrollTop + view.clientHeight) view.scrollTop = top + size.row + head - view.clientHeight;
    if (state.active.column && left < view.scrollLeft) view.scrollLeft = left;
    const wide = view.clientWidth - size.first - size.column;
    if (state.active.column && left > view.scrollLeft + wide) view.scrollLeft = left - wide;
    drawWindow();
    markActive();
    if (!byId("detail").hidden) describe(true);
  }

  function markActive() {
    table.querySelector(".active")?.classList.remove("active");
    const {row, column} = state.active;
    const cell = byId(`r${row}c${column}`) ?? byId(`r${row}c0`);
    cell?.classList.add("active");
    nameTitle(cell);
    if (cell) table.setAttribute("aria-activedescendant", cell.id);
    else table.removeAttribute("aria-activedescendant");
  }

  function onKey(event) {
    const {row, column} = state.active, page = Math.max(1, Math.floor(view.clientHeight / size.row) - 3);
    const all = event.ctrlKey || event.metaKey;
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [row - page, column], PageDown: [row + page, column],
      Home: [all ? 0 : row, 0], End: [all ? state.rows.length - 1 : row, state.columns.length],
    };
    if (event.key in moves) moveTo(...moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") choose();
    else if (event.key === "Escape") describe(false);
    else return;
    event.preventDefault();
  }

  function onClick(event) {
    const place = /^r(\d+)c(\d+)$/.exec(event.target.closest("[id]")?.id ?? "");
    if (!place) return;
    moveTo(Number(place[1]), Number(place[2]));
    choose();
  }

  function choose() {
    const row = state.rows[state.active.row];
    if (row?.group === undefined) return describe(true);
    if (!state.closed.delete(row.group)) state.closed.add(row.group);
    const [top, left, focused] = [view.scrollTop, view.scrollLeft, document.activeElement === table];
    select();
    [view.scrollTop, view.scrollLeft] = [top, left];
    drawWindow();
    if (focused) table.focus({preventScroll: true});
  }

  function describe(wanted = false) {
    const detail = byId("detail"), row = state.rows[state.active.row], column = state.columns[state.active.column - 1];
    detail.hidden = !wanted || !row || row.group !== undefined;
    if (detail.hidden) return;
    const close = element("button", {type: "button", className: "close", title: "Close"}, "\u00d7");
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => { describe(false); table?.focus({preventScroll: true}); });
    if (!column) {
      const count = cellsOf(row.number).length;
      detail.replaceChildren(close, element("p", {}, element("b", {}, row.title)),
        element("p", {}, row.error || `${count} ${count === 1 ? "principal has" : "principals have"} access here.`));
      return;
    }
    const at = cellAt(row.number, column.number);
    const about = element("p", {}, element("b", {}, row.title), ` \u00b7 ${column.full}`);
    if (at < 0) return detail.replaceChildren(close, about, element("p", {}, "No access."));
    detail.replaceChildren(close, about, element("p", {}, chip(at)), ...givers(explain(at)));
  }

  /* Printing: all that the filter shows, as a table of two columns. */
  addEventListener("beforeprint", () => {
    const rows = state.repositories.map((row) => {
      const cells = cellsOf(row.number).map((at) => {
        const {words, mark} = shapes[shapeOf[at]];
        return `${principals[columnOf[at]].label}: ${words}${mark ? ` (${mark})` : ""}`;
      });
      return element("tr", {}, element("th", {scope: "row"}, row.title),
        element("td", {}, row.error || cells.join("; ") || "no access"));
    });
    byId("printed").replaceChildren(element("table", {}, element("thead", {}, element("tr", {},
      element("th", {scope: "col"}, "Repository"), element("th", {scope: "col"}, "Access"))),
    element("tbody", {}, ...rows)));
  });
  addEventListener("afterprint", () => byId("printed").replaceChildren());

  view.addEventListener("scroll", () => requestAnimationFrame(drawWindow), {passive: true});
  addEventListener("resize", () => requestAnimationFrame(measure));
  byId("filter").addEventListener("input", select);
  document.querySelector("form").addEventListener("change", (event) => {
    if (event.target.type === "checkbox") select();
  });
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  document.querySelectorAll("[data-find]").forEach((button) => button.addEventListener("click", () => {
    byId("filter").value = button.dataset.find;
    select();
    byId("filter").focus();
  }));
  byId("as-list").checked = matchMedia("(max-width: 40rem)").matches;
  select();
})();
