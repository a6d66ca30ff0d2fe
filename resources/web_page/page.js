// A diagram that folds and unfolds. Everything shown comes from the JSON in #data and is only ever set as text.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const cards = data.cards; // by id: {title, lines, shape, tip, kind, fill, line, change, round, parent, children}
  const SVG = "http://www.w3.org/2000/svg";
  const svg = document.getElementById("diagram");
  const scene = document.getElementById("scene");
  const pen = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  const GAP = 26, COLUMN_GAP = 60, ROW_GAP = 60, PAD = 14, HEADER = 30, LANE = 9;
  const open = new Set(data.open);
  let isFitted = true, selected = null, hovered = null, hits = [], hit = -1, placed = new Map(), routes = [], view = { x: 0, y: 0, zoom: 1 };

  const isOpen = (id) => id === data.root || (open.has(id) && cards[id].children.length > 0);
  const isFoldable = (id) => cards[id].children.length > 0;
  const childrenOf = (id) => (id === data.root ? data.top : cards[id].children);
  const parentOf = (id) => cards[id].parent;

  const widths = new Map();
  function textWidth(text, size, bold) {
    const key = `${size}${bold}${text}`;
    if (!widths.has(key)) {
      pen.font = `${bold ? 600 : 400} ${size}px ${family}`;
      widths.set(key, pen.measureText(text).width);
    }
    return widths.get(key);
  }

  // ---- what is visible

  function visible(id) {
    let shown = id;
    for (let at = id; at !== data.root; at = parentOf(at)) if (at !== id && !isOpen(at)) shown = at;
    return shown;
  }

  function visibleLinks() {
    const seen = new Set(), found = [];
    for (const [from, to, shape, skip] of data.links) {
      const source = visible(from), target = visible(to);
      const key = `${source}\n${target}`;
      if (source === target || seen.has(key)) continue;
      seen.add(key);
      found.push({ source, target, shape, skip });
    }
    return found;
  }

  // ---- layout: each open group puts its children into ranks, the outermost one into columns

  function size(id) {
    const card = cards[id];
    if (card.round) return [26, 26];
    let width = 22 + textWidth(card.title, 13, true) + (isFoldable(id) ? 20 : 0);
    for (const line of card.lines) width = Math.max(width, textWidth(line, 11, false));
    return [Math.min(Math.max(width + 24, 92), 330), 34 + 15 * card.lines.length];
  }

  function chain(id) {
    const path = [id];
    while (path[path.length - 1] !== data.root) path.push(parentOf(path[path.length - 1]));
    return path.reverse();
  }

  function lift(links) {
    const within = new Map();
    for (const link of links) {
      const a = chain(link.source), b = chain(link.target);
      let n = 0;
      while (a[n + 1] === b[n + 1]) n += 1;
      link.group = a[n]; link.head = a[n + 1]; link.tail = b[n + 1];
      if (!within.has(link.group)) within.set(link.group, []);
      within.get(link.group).push(link);
    }
    return within;
  }

  function solve(id, within) {
    const inside = childrenOf(id).map((child) => {
      if (isOpen(child)) return solve(child, within);
      const [w, h] = size(child);
      return { id: child, w, h, inside: null };
    });
    const links = within.get(id) || [];
    return id === data.root ? columns(inside) : ranks(id, inside, links);
  }

  function ranks(id, inside, links) {
    const rank = new Map(inside.map((item) => [item.id, 0]));
    for (const item of inside)
      for (const link of links)
        if (link.tail === item.id && link.head !== item.id)
          rank.set(item.id, Math.max(rank.get(item.id), rank.get(link.head) + 1));
    const rows = [];
    for (const item of inside) (rows[rank.get(item.id)] = rows[rank.get(item.id)] || []).push(item);
    const full = rows.filter(Boolean);
    const rowWidth = (row) => row.reduce((sum, item) => sum + item.w, 0) + GAP * (row.length - 1);
    const widest = Math.max(...full.map(rowWidth));
    const title = Math.min(textWidth(cards[id].title, 13, true) + 60, 260);
    const lanes = new Map();
    for (const link of links)
      if (rank.get(link.tail) - rank.get(link.head) > 1 && !lanes.has(link.source)) lanes.set(link.source, lanes.size);
    const inner = Math.max(widest, title);
    let y = HEADER + 8;
    for (const row of full) {
      let x = PAD + (inner - rowWidth(row)) / 2;
      const height = Math.max(...row.map((item) => item.h));
      for (const item of row) { item.dx = x; item.dy = y; x += item.w + GAP; }
      y += height + GAP;
    }
    for (const link of links) if (lanes.has(link.source) && rank.get(link.tail) - rank.get(link.head) > 1) link.lane = PAD + inner + LANE * (lanes.get(link.source) + 1);
    return { id, w: inner + 2 * PAD + LANE * lanes.size, h: y - GAP + PAD, inside };
  }

  // Rows no wider than `most`; how wide and high they are together, and how wide the last one is.
  function fillRows(inside, most) {
    let x = 0, y = 0, height = 0, width = 0, row = 0;
    for (const item of inside) {
      if (x > 0 && x + item.w > most) { x = 0; y += height + ROW_GAP; height = 0; row += 1; }
      item.dx = x; item.dy = y; item.row = row;
      x += item.w + COLUMN_GAP; width = Math.max(width, x - COLUMN_GAP); height = Math.max(height, item.h);
    }
    return { width, height: y + height, last: x - COLUMN_GAP };
  }

  function columns(inside) {
    const box = svg.getBoundingClientRect();
    const whole = inside.reduce((sum, item) => sum + item.w + COLUMN_GAP, 0);
    let most = whole, best = 0;
    for (let parts = 1; parts <= Math.min(inside.length, 24); parts += 1)
      for (const slack of [1, 1.15, 1.3]) {
        const rows = fillRows(inside, (whole / parts) * slack);
        const leftOver = rows.last < 0.3 * rows.width ? 0.8 : 1;
        const zoom = Math.min((box.width || 1600) / rows.width, (box.height || 1000) / rows.height) * leftOver;
        if (zoom > best * 1.01) { best = zoom; most = (whole / parts) * slack; }
      }
    const { width, height } = fillRows(inside, most);
    for (const item of inside) item.bottom = Math.max(...inside.filter((other) => other.row === item.row).map((other) => other.dy + other.h));
    return { id: data.root, w: width, h: height, inside };
  }

  function place(item, x, y, depth) {
    placed.set(item.id, { id: item.id, x, y, w: item.w, h: item.h, depth, isFrame: Boolean(item.inside), row: item.row, bottom: item.bottom });
    for (const child of item.inside || []) place(child, x + child.dx, y + child.dy, depth + 1);
  }

  function route(link) {
    const a = placed.get(link.source), b = placed.get(link.target);
    const head = placed.get(link.head), tail = placed.get(link.tail), group = placed.get(link.group);
    const x0 = a.x + a.w / 2, y0 = a.y + a.h, x1 = b.x + b.w / 2, y1 = b.y;
    const points = straightRoute(link, head, tail, group, x0, y0, x1, y1);
    // What leads into the middle of a group goes along its side, not over the cards before.
    const [, above] = points[points.length - 2], frame = placed.get(parentOf(link.target));
    if (link.target === link.tail || !frame || !isCrossed(x1, above, y1)) return points;
    const lane = frame.x + frame.w - 6;
    return [...points.slice(0, -2), [lane, above], [lane, y1 - 13], [x1, y1 - 13], [x1, y1]];
  }

  function isCrossed(x, above, below) {
    for (const at of placed.values())
      if (!at.isFrame && at.x < x && at.x + at.w > x && at.y < below - 1 && at.y + at.h > above + 1) return true;
    return false;
  }

  function straightRoute(link, head, tail, group, x0, y0, x1, y1) {
    if (link.group === data.root) {
      const down = head.row === tail.row ? head.y + head.h + 12 : head.bottom + ROW_GAP / 2;
      const side = tail.x - COLUMN_GAP / 2, over = Math.min(tail.y - 8, y1 - 8);
      return [[x0, y0], [x0, down], [side, down], [side, over], [x1, over], [x1, y1]];
    }
    const turn = tail.y - 13;
    if (link.lane === undefined) return [[x0, y0], [x0, turn], [x1, turn], [x1, y1]];
    const lane = group.x + link.lane, down = head.y + head.h + 7;
    return [[x0, y0], [x0, down], [lane, down], [lane, turn - 4], [x1, turn - 4], [x1, y1]];
  }

  function rounded(points) {
    const kept = points.filter((point, n) => n === 0 || Math.hypot(point[0] - points[n - 1][0], point[1] - points[n - 1][1]) > 0.5);
    let path = `M${kept[0]}`;
    for (let n = 1; n < kept.length - 1; n += 1) {
      const [x, y] = kept[n];
      const near = (other) => {
        const length = Math.hypot(other[0] - x, other[1] - y), step = Math.min(6, length / 2) / length;
        return [x + (other[0] - x) * step, y + (other[1] - y) * step];
      };
      path += `L${near(kept[n - 1])}Q${x},${y} ${near(kept[n + 1])}`;
    }
    return `${path}L${kept[kept.length - 1]}`;
  }

  // ---- drawing

  function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function shorten(text, room, px, bold) {
    if (textWidth(text, px, bold) <= room) return text;
    let end = text.length;
    while (end > 1 && textWidth(`${text.slice(0, end)}…`, px, bold) > room) end -= 1;
    return `${text.slice(0, end)}…`;
  }

  function draw() {
    placed = new Map();
    const links = visibleLinks(), within = lift(links);
    place(solve(data.root, within), 0, 0, 0);
    routes = links;
    const frames = [...placed.values()].filter((at) => at.isFrame && at.id !== data.root).sort((a, b) => a.depth - b.depth);
    const rest = [...placed.values()].filter((at) => !at.isFrame);
    const parts = frames.map(drawItem);
    for (const link of links) {
      link.node = element("path", { d: rounded(route(link)), class: link.skip ? "link skip" : "link" });
      link.node.append(element("title", {}, link.shape));
      parts.push(link.node);
    }
    scene.replaceChildren(...parts, ...rest.map(drawItem));
    mark();
    showLegend(rest);
  }

  function drawItem(at) {
    const card = cards[at.id];
    const gone = card.change === "off" || card.change === "removed";
    const node = element("g", {
      class: `${at.isFrame ? "frame" : "card"}${gone ? " gone" : ""} ${card.change}`, tabindex: "0", role: "button",
      "aria-label": card.title, transform: `translate(${at.x} ${at.y})`,
    });
    node.dataset.id = at.id;
    const radius = card.round && !at.isFrame ? at.h / 2 : 8;
    const box = element("rect", { class: "box", width: at.w, height: at.h, rx: radius, stroke: at.isFrame ? "var(--border)" : card.line });
    if (!at.isFrame) box.setAttribute("fill", gone ? "transparent" : card.fill);
    node.append(box);
    if (card.round && !at.isFrame) {
      node.append(element("text", { x: at.w / 2, y: 18, "text-anchor": "middle" }, card.title));
    } else {
      const room = at.w - 24 - (isFoldable(at.id) ? 20 : 0);
      node.append(element("text", { x: 12, y: 21 }, shorten(card.title, room, 13, true)));
      if (!at.isFrame)
        card.lines.forEach((line, n) => node.append(element("text", { x: 12, y: 38 + 15 * n, class: "line" }, shorten(line, at.w - 20, 11, false))));
    }
    if (isFoldable(at.id)) {
      const sign = element("g", { class: "sign", transform: `translate(${at.w - 18} 16)` });
      sign.append(element("rect", { x: -10, y: -12, width: 22, height: 24 }));
      sign.append(element("path", { d: at.isFrame ? "M-4 0H4" : "M-4 0H4M0 -4V4" }));
      node.append(sign);
    }
    at.node = node;
    return node;
  }

  function showLegend(rest) {
    const found = new Map();
    for (const at of rest) if (data.legend[cards[at.id].kind]) found.set(cards[at.id].kind, data.legend[cards[at.id].kind]);
    document.getElementById("legend").replaceChildren(...[...found.values()].map(([name, colour]) => {
      const entry = document.createElement("span"), patch = document.createElement("i");
      patch.style.background = colour;
      entry.append(patch, name);
      return entry;
    }));
  }

  function mark() {
    const found = new Set(hits);
    for (const at of placed.values()) {
      if (!at.node) continue;
      at.node.classList.toggle("selected", at.id === selected);
      at.node.classList.toggle("hit", found.has(at.id));
    }
    for (const link of routes) {
      const focus = hovered || selected;
      link.node.classList.toggle("lit", focus !== null && (link.source === focus || link.target === focus));
    }
    const card = cards[hovered || selected];
    document.getElementById("name").textContent = card ? card.title : data.words.nothing;
    document.getElementById("details").textContent = card ? card.tip : "";
  }

  // ---- folding, levels, moving about

  function toggle(id) {
    if (!id || !isFoldable(id)) return;
    const before = placed.get(id);
    if (open.has(id)) open.delete(id); else open.add(id);
    draw();
    const after = placed.get(id);
    if (before && after) {
      view.x += (before.x - after.x) * view.zoom; view.y += (before.y - after.y) * view.zoom;
    }
    showLevel("");
    move();
  }

  function setLevel(level) {
    open.clear();
    for (const id of data.levels[level]) open.add(id);
    draw(); showLevel(level); fit();
  }

  function showLevel(level) {
    for (const button of document.querySelectorAll("[data-level]")) button.setAttribute("aria-pressed", String(button.dataset.level === level));
  }

  function reveal(id) {
    for (let at = parentOf(id); at !== data.root; at = parentOf(at)) open.add(at);
  }

  function move() { isFitted = false; scene.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.zoom})`); }

  function fit() {
    const whole = scene.getBBox(), box = svg.getBoundingClientRect();  // links that run around the cards included
    if (!whole.width || !box.width) return;
    view.zoom = Math.min((box.width - 40) / whole.width, (box.height - 40) / whole.height, 1.5);
    view.x = (box.width - whole.width * view.zoom) / 2 - whole.x * view.zoom;
    view.y = (box.height - whole.height * view.zoom) / 2 - whole.y * view.zoom;
    move();
    isFitted = true;
  }

  function zoom(factor, x, y) {
    const box = svg.getBoundingClientRect();
    const cx = x === undefined ? box.width / 2 : x, cy = y === undefined ? box.height / 2 : y;
    const next = Math.min(Math.max(view.zoom * factor, 0.02), 6);
    view.x = cx - ((cx - view.x) * next) / view.zoom; view.y = cy - ((cy - view.y) * next) / view.zoom; view.zoom = next;
    move();
  }

  function center(id) {
    const at = placed.get(id), box = svg.getBoundingClientRect();
    if (!at) return;
    view.zoom = Math.max(view.zoom, 0.8);
    view.x = box.width / 2 - (at.x + at.w / 2) * view.zoom; view.y = box.height / 2 - (at.y + at.h / 2) * view.zoom;
    move();
  }

  // ---- search

  function search(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const says = (id) => `${cards[id].title} ${cards[id].lines.join(" ")} ${cards[id].tip} ${cards[id].kind}`.toLowerCase();
    hits = words.length ? Object.keys(cards).filter((id) => words.every((word) => says(id).includes(word))) : [];
    hit = -1;
    document.getElementById("hits").textContent = words.length ? data.words.hits.replace("{n}", hits.length) : "";
    mark();
  }

  function nextHit(step) {
    if (!hits.length) return;
    hit = (hit + step + hits.length) % hits.length;
    selected = hits[hit];
    reveal(selected); draw(); center(selected);
    document.getElementById("hits").textContent = `${hit + 1} / ${hits.length}`;
  }

  // ---- what the user does

  const idAt = (target) => { const node = target.closest && target.closest("[data-id]"); return node ? node.dataset.id : null; };

  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  let drag = null;
  svg.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, moved: false }; });
  window.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (!drag.moved && Math.hypot(dx, dy) < 4) return;
    drag = { x: event.clientX, y: event.clientY, moved: true };
    svg.classList.add("dragging");
    view.x += dx; view.y += dy; move();
  });
  window.addEventListener("pointerup", () => { svg.classList.remove("dragging"); setTimeout(() => { drag = null; }, 0); });
  svg.addEventListener("click", (event) => {
    if (drag && drag.moved) return;
    const id = idAt(event.target);
    if (event.target.closest(".sign")) { toggle(id); return; }
    selected = id; mark();
  });
  svg.addEventListener("dblclick", (event) => { if (!event.target.closest(".sign")) toggle(idAt(event.target)); });
  svg.addEventListener("pointerover", (event) => { hovered = idAt(event.target); mark(); });
  svg.addEventListener("pointerleave", () => { hovered = null; mark(); });
  svg.addEventListener("focusin", (event) => { selected = idAt(event.target) || selected; mark(); });
  svg.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const id = idAt(event.target);
      toggle(id);
      const node = placed.get(id) && placed.get(id).node;
      if (node) node.focus();
    }
  });
  window.addEventListener("keydown", (event) => {
    const box = document.getElementById("search");
    if (event.target === box) {
      if (event.key === "Enter") nextHit(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") { box.value = ""; search(""); box.blur(); }
    } else if (event.key === "/") { event.preventDefault(); box.focus(); }
    else if (event.key === "0") fit();
    else if (event.key === "+") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
  });
  document.getElementById("search").addEventListener("input", (event) => search(event.target.value));
  for (const button of document.querySelectorAll("[data-level]")) button.addEventListener("click", () => setLevel(button.dataset.level));
  document.getElementById("zoom-in").addEventListener("click", () => zoom(1.25));
  document.getElementById("zoom-out").addEventListener("click", () => zoom(0.8));
  document.getElementById("zoom-fit").addEventListener("click", fit);
  window.addEventListener("resize", () => { draw(); if (isFitted) fit(); });

  // A link to the file can say what is shown: #level=ops, #search=conv.
  const wish = new URLSearchParams(location.hash.slice(1));
  if (data.levels[wish.get("level")]) setLevel(wish.get("level"));
  else { draw(); showLevel(data.level); fit(); }
  if (wish.get("search")) {
    document.getElementById("search").value = wish.get("search");
    search(wish.get("search")); nextHit(1);
  }
})();
