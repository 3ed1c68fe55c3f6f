// The star map: all systems as dots on one canvas, moved by mouse, finger and keys; drawn only when something changed.
"use strict";

(() => {
  const box = document.getElementById("starmap");
  const canvas = document.getElementById("stars");
  const pen = canvas.getContext("2d", { willReadFrequently: true }); // pixels are written by hand: no copy on a GPU
  const dots = new StarDots(pen);
  const LABELS = 40, ASKED = 120, SETTLED_MS = 160;
  const fixed = box.dataset;
  const list = (text) => (text ? text.split(",").map(Number) : []);
  let low = list(fixed.low), high = list(fixed.high), route = list(fixed.route);

  let sky = null, count = 0, tag = "", places = null, looks = null; // places: all x, then all y; looks: one a row
  let wide = 0, tall = 0, ratio = 1;
  let x = 0, y = 0, scale = 1; // the middle, in the map's units; device pixels for one unit
  let colours = {};
  let chosen = -1, wanted = false, settling = 0, labels = [];
  const names = new Map(); // row: [id, name]
  const drawnNames = new Map(); // row: a small canvas

  // --- what is seen ---

  function whole() {
    const room = Math.min(wide / (high[0] - low[0] || 1), tall / (high[1] - low[1] || 1));
    return Number.isFinite(room) && room > 0 ? room : 1;
  }

  function look(nextX, nextY, nextScale) {
    const fit = whole(), middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
    scale = Math.min(Math.max(nextScale, fit / 20), fit * 5000);
    const far = 10 * Math.max(high[0] - low[0], high[1] - low[1], 1);
    x = Math.min(Math.max(nextX, middle[0] - far), middle[0] + far);
    y = Math.min(Math.max(nextY, middle[1] - far), middle[1] + far);
    ask();
    window.clearTimeout(settling);
    settling = window.setTimeout(settle, SETTLED_MS);
  }

  const pan = (right, down) => look(x - right / scale, y + down / scale, scale);

  function zoom(factor, atX = wide / 2, atY = tall / 2) {
    const fromX = x + (atX - wide / 2) / scale, fromY = y - (atY - tall / 2) / scale;
    const next = Math.min(Math.max(scale * factor, whole() / 20), whole() * 5000);
    look(fromX - (atX - wide / 2) / next, fromY + (atY - tall / 2) / next, next);
  }

  const fit = () => look((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, whole());

  function fitRows(rows) {
    const across = rows.map((row) => places[row]), up = rows.map((row) => places[count + row]);
    const [left, right] = [Math.min(...across), Math.max(...across)], [bottom, top] = [Math.min(...up), Math.max(...up)];
    const room = Math.min(wide / (right - left || 1e-9), tall / (top - bottom || 1e-9)) * 0.8;
    look((left + right) / 2, (bottom + top) / 2, Math.min(room, whole() * 40));
  }

  const across = (row) => (places[row] - x) * scale + wide / 2;
  const down = (row) => tall / 2 - (places[count + row] - y) * scale;

  // --- drawing ---

  function readColours() {
    const style = getComputedStyle(box);
    const named = (name) => style.getPropertyValue(`--${name}`).trim();
    colours = { route: named("map-route"), ink: named("ink"), halo: named("map-ground") };
    const shown = [];
    shown[StarDots.PALE] = { colour: named("map-pale"), shape: "circle" };
    shown[StarDots.PLAIN] = { colour: named("map-plain"), shape: "circle" };
    for (const one of document.querySelectorAll(".legend [data-look]")) {
      shown[Number(one.dataset.look)] = { colour: getComputedStyle(one).color, shape: one.dataset.shape };
    }
    dots.dress(shown, named("map-link"));
    drawnNames.clear();
  }

  function radius() {
    const few = count < 300 ? 5 : count < 3000 ? 2.8 : count < 30000 ? 1.7 : 0.9;
    return Math.min(few * Math.max(1, scale / whole()) ** 0.3, 6) * ratio;
  }

  function drawRoute() {
    if (route.length < 2) return;
    pen.strokeStyle = colours.route;
    pen.lineWidth = 2 * ratio;
    pen.beginPath();
    route.forEach((row, stop) => (stop ? pen.lineTo(across(row), down(row)) : pen.moveTo(across(row), down(row))));
    pen.stroke();
    for (const row of route) ring(row, 3 + radius() / ratio, 2);
  }

  function ring(row, size, thick) {
    pen.strokeStyle = colours.route;
    pen.lineWidth = thick * ratio;
    pen.beginPath();
    pen.arc(across(row), down(row), size * ratio, 0, 2 * Math.PI);
    pen.stroke();
  }

  function drawLabels() {
    for (const row of labels) {
      const word = nameOf(row);
      if (word) pen.drawImage(word, Math.round(besides(row, word)), Math.round(down(row) - word.height / 2));
    }
  }

  // Right of its system, or left where the edge would cut it.
  function besides(row, word) {
    const gap = radius() + 4 * ratio, right = across(row) + gap;
    return right + word.width <= wide ? right : across(row) - gap - word.width;
  }

  function draw() {
    dots.draw(sky, { x, y, scale }, radius());
    drawRoute();
    if (chosen >= 0) ring(chosen, 7 + radius() / ratio, 3);
    drawLabels();
  }

  function ask() {
    if (wanted || !places) return;
    wanted = true;
    requestAnimationFrame(() => {
      wanted = false;
      draw();
    });
  }

  // --- names ---

  function nameOf(row) {
    const known = names.get(row);
    if (!known) return null;
    if (!drawnNames.has(row)) drawnNames.set(row, starName(known[1], ratio, colours));
    return drawnNames.get(row);
  }

  // The most important first: those of the route and the chosen one, then what more is recorded of.
  function inSight(most) {
    const found = [...(chosen >= 0 ? [chosen] : []), ...route], seen = new Set(found);
    for (let place = count - 1; place >= 0 && found.length < most; place--) {
      const row = sky.order[place];
      if (looks[row] === StarDots.PALE) break;
      const px = across(row), py = down(row);
      if (px > 0 && px < wide && py > 0 && py < tall && !seen.has(row)) found.push(row);
    }
    return found.slice(0, most);
  }

  async function settle() {
    if (!places) return;
    sessionStorage.setItem(`haven-map ${fixed.frame}`, JSON.stringify([x, y, scale / ratio]));
    showScale();
    const rows = inSight(ASKED), missing = rows.filter((row) => !names.has(row));
    place(rows);
    if (!missing.length) return;
    const answer = await fetch(`/world/map/names?${fields({ rows: missing.join(","), tag })}`);
    if (!answer.ok) return answer.status === 409 ? isOld() : undefined;
    for (const [row, known] of Object.entries(await answer.json())) names.set(Number(row), known);
    place(inSight(ASKED));
  }

  function place(rows) {
    const signs = [...box.querySelectorAll(".zooms, .scale")].map((one) => [
      one.offsetLeft, one.offsetTop, one.offsetLeft + one.offsetWidth, one.offsetTop + one.offsetHeight]);
    const taken = signs.map((one) => one.map((edge) => edge * ratio));
    labels = [];
    for (const row of rows) {
      const word = nameOf(row);
      if (!word || labels.length >= LABELS) continue;
      const left = besides(row, word), top = down(row) - word.height / 2, right = left + word.width, bottom = top + word.height;
      if (taken.some((one) => left < one[2] && right > one[0] && top < one[3] && bottom > one[1])) continue;
      taken.push([left, top, right, bottom]);
      labels.push(row);
    }
    ask();
  }

  function showScale() {
    const sign = box.querySelector(".scale"), bar = sign.firstElementChild;
    const length = (120 * ratio) / scale, step = 10 ** Math.floor(Math.log10(length));
    const nice = [5, 2, 1].map((one) => one * step).find((one) => one <= length) || step;
    bar.style.width = `${(nice * scale) / ratio}px`;
    bar.textContent = `${Number(nice.toPrecision(3))} ${fixed.unit}`;
    sign.hidden = false;
  }

  // --- choosing ---

  const fields = (more) => new URLSearchParams({ frame: fixed.frame, ...more }).toString();

  function nearest(atX, atY, within) {
    let best = -1, least = within * within;
    for (let row = 0; row < count; row++) {
      const right = across(row) - atX, below = down(row) - atY, away = right * right + below * below;
      if (away <= least && (looks[row] !== StarDots.PALE || best < 0)) [best, least] = [row, away];
    }
    return best;
  }

  async function choose(row) {
    const card = document.getElementById("star");
    const before = card.querySelector(".star")?.dataset.id || "";
    chosen = row;
    ask();
    if (row < 0) {
      card.hidden = true;
      card.replaceChildren();
      return;
    }
    const answer = await piece("card", { row, tag, other: before });
    if (chosen !== row) return;
    card.innerHTML = answer;
    card.hidden = false;
    settle();
  }

  function go(row) {
    look(places[row], places[count + row], Math.max(scale, whole() * 4));
    choose(row);
  }

  // A part of a page, which the server wrote and escaped.
  async function piece(name, more) {
    const answer = await fetch(`/world/map/${name}?${fields(more)}`, { headers: { "HX-Request": "true" } });
    return answer.text();
  }

  function isOld() {
    box.querySelector(".old").hidden = false;
  }

  // --- hands ---

  const fingers = new Map();
  let moved = 0, apart = 0;
  const point = (event) => {
    const edge = canvas.getBoundingClientRect();
    return [(event.clientX - edge.left) * ratio, (event.clientY - edge.top) * ratio];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, point(event));
    if (fingers.size === 1) moved = 0;
    apart = span();
  });

  canvas.addEventListener("pointermove", (event) => {
    const from = fingers.get(event.pointerId);
    if (!from) return;
    const to = point(event);
    fingers.set(event.pointerId, to);
    moved += Math.hypot(to[0] - from[0], to[1] - from[1]) / ratio;
    if (moved < 5 && fingers.size === 1) return fingers.set(event.pointerId, from);
    pan((to[0] - from[0]) / fingers.size, (to[1] - from[1]) / fingers.size);
    if (fingers.size === 2) {
      const [one, two] = [...fingers.values()], now = span();
      if (apart && now) zoom(now / apart, (one[0] + two[0]) / 2, (one[1] + two[1]) / 2);
      apart = now;
    }
  });

  function span() {
    const [one, two] = [...fingers.values()];
    if (fingers.size > 1) moved += 100; // no tap comes of two fingers
    return fingers.size === 2 ? Math.hypot(one[0] - two[0], one[1] - two[1]) : 0;
  }

  function lift(event) {
    if (!fingers.delete(event.pointerId) || fingers.size) return;
    if (event.type === "pointerup" && moved < 5 && places) {
      choose(nearest(...point(event), (event.pointerType === "mouse" ? 12 : 24) * ratio));
    }
  }
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("dblclick", (event) => zoom(2, ...point(event)));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...point(event));
  }, { passive: false });

  const STEP = 60;
  const KEYS = {
    ArrowLeft: () => pan(STEP * ratio, 0),
    ArrowRight: () => pan(-STEP * ratio, 0),
    ArrowUp: () => pan(0, STEP * ratio),
    ArrowDown: () => pan(0, -STEP * ratio),
    "+": () => zoom(1.5),
    "=": () => zoom(1.5),
    "-": () => zoom(1 / 1.5),
    f: fit,
    Enter: () => choose(nearest(wide / 2, tall / 2, wide)),
    Escape: () => choose(-1),
  };
  canvas.addEventListener("keydown", (event) => {
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || !places || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });

  const DO = { in: () => zoom(1.6), out: () => zoom(1 / 1.6), fit };
  box.querySelector(".zooms").addEventListener("click", (event) => DO[event.target.dataset.do]?.());

  // --- the beginning ---

  function measure() {
    const next = window.devicePixelRatio || 1, size = box.getBoundingClientRect();
    const [nextWide, nextTall] = [Math.max(1, Math.round(size.width * next)), Math.max(1, Math.round(size.height * next))];
    if (nextWide === wide && nextTall === tall && next === ratio) return;
    scale *= next / ratio;
    [wide, tall, ratio] = [nextWide, nextTall, next];
    [canvas.width, canvas.height] = [wide, tall];
    dots.size(wide, tall);
    drawnNames.clear();
    if (places) look(x, y, scale);
  }

  async function numbers(name, Kind) {
    const answer = await fetch(fixed[name]);
    if (!answer.ok) throw new Error(`the map's ${name} did not come: ${answer.status}`);
    return [new Kind(await answer.arrayBuffer()), (answer.headers.get("ETag") || "").replaceAll('"', "")];
  }

  // Whether all of them are of the same world.
  async function load() {
    const asked = [numbers("places", Float32Array), numbers("looks", Uint8Array), numbers("links", Uint32Array)];
    const [[where, first], [how, second], [pairs, third]] = await Promise.all(asked);
    if (where.length !== 2 * how.length || second !== first || third !== first) return false;
    [count, looks, tag] = [how.length, how, first];
    const rows = [...how.keys()], isPale = (row) => how[row] === StarDots.PALE;
    const order = Uint32Array.from([...rows.filter(isPale), ...rows.filter((row) => !isPale(row))]);
    readColours();
    [places, sky] = [where, { count, places: where, looks, order, links: pairs }];
    return true;
  }

  // The world has changed, and the box tells where its numbers are now: the same part of it is seen, as near as before.
  async function renew() {
    const id = document.querySelector("#star .star")?.dataset.id;
    if (!(await load())) return isOld();
    [low, high, route] = [list(fixed.low), list(fixed.high), list(fixed.route)];
    [labels, chosen] = [[], -1];
    names.clear();
    box.querySelector(".old").hidden = true;
    if (id) {
      const card = document.getElementById("star");
      card.innerHTML = await piece("card", { id });
      chosen = Number(card.querySelector(".star")?.dataset.row ?? -1);
    }
    ask();
    return settle();
  }

  async function begin() {
    measure();
    if (!(await load())) return isOld();
    box.querySelector(".zooms").hidden = false;
    const kept = JSON.parse(sessionStorage.getItem(`haven-map ${fixed.frame}`) || "null");
    if (kept) look(kept[0], kept[1], kept[2] * ratio);
    else fit();
    if (route.length > 1) fitRows(route);
    if (fixed.at !== undefined) {
      chosen = Number(fixed.at);
      if (!route.length) look(places[chosen], places[count + chosen], Math.max(scale, whole() * 4));
    }
  }

  new ResizeObserver(measure).observe(box);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    readColours();
    ask();
  });

  window.havenMap = {
    ready: begin(),
    // For whoever measures: one frame now, its pixels written, in milliseconds.
    frame(right = 0, below = 0) {
      const start = performance.now();
      if (right || below) [x, y] = [x - right / scale, y + below / scale];
      draw();
      pen.getImageData(0, 0, 1, 1);
      return performance.now() - start;
    },
    zoom,
    fit,
    renew,
    go,
    piece,
    seen: () => ({ tag, count, x, y, scale: scale / ratio, chosen, labels: labels.map((row) => names.get(row)[1]) }),
    row: (name) => [...names].find(([, known]) => known[1] === name)?.[0],
    at: (row) => [across(row) / ratio, down(row) / ratio],
  };
})();
