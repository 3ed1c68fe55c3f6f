// The live chat of the Round Table goes on by itself; one request is shown again in its own time.
"use strict";

const MOST = 200;

// Live: asks for the steps after the last one that is here, whenever one was said.
function follow(list) {
  let due = false;
  let asking = false;

  async function more() {
    if (asking) {
      due = true;
      return;
    }
    asking = true;
    do {
      due = false;
      const answer = await fetch(list.dataset.news + list.dataset.after, { headers: { "HX-Request": "true" } });
      if (answer.ok && !answer.redirected) put(list, await answer.text());
      await new Promise((go) => window.setTimeout(go, 300));
    } while (due);
    asking = false;
  }

  list.scrollTop = list.scrollHeight;
  document.body.addEventListener("haven-step", () => more().catch(() => (asking = false)));
}

function put(list, html) {
  const found = new DOMParser().parseFromString(`<ol>${html}</ol>`, "text/html");
  const last = found.querySelector("[data-last]");
  if (!last) return;
  list.dataset.after = last.dataset.last;
  const below = list.scrollHeight - list.scrollTop - list.clientHeight < 120;
  list.append(...found.querySelectorAll(".step"));
  const steps = list.querySelectorAll(".step");
  for (const old of [...steps].slice(0, Math.max(0, steps.length - MOST))) old.remove();
  if (steps.length) document.querySelector("[data-nothing]")?.remove();
  if (below) list.scrollTop = list.scrollHeight;
}

// Replay: each step after its silence, which the server has counted at 1x.
function replayed(list, controls) {
  const steps = [...list.querySelectorAll(".step")];
  const play = controls.querySelector("[data-play]");
  const rest = controls.querySelector("[data-rest]");
  const at = controls.querySelector("[data-at]");
  let shown = steps.length;
  let left = 0;
  let since = 0;
  let speed = 1;
  let timer = 0;
  let resting = false;

  function say() {
    const running = shown < steps.length;
    rest.disabled = !running;
    rest.textContent = resting ? "Go on" : "Pause";
    play.textContent = running ? "From the start" : "Replay";
    const now = `${shown} of ${steps.length} steps`;
    at.textContent = running ? `${now}, at ${speed}x${resting ? ", resting" : ""}` : "the end of the replay";
  }

  function spend() {
    if (timer) left -= ((performance.now() - since) / 1000) * speed;
    window.clearTimeout(timer);
    timer = 0;
  }

  function wait() {
    if (resting || shown >= steps.length) return;
    since = performance.now();
    timer = window.setTimeout(next, (Math.max(left, 0) / speed) * 1000);
  }

  function next() {
    timer = 0;
    steps[shown].hidden = false;
    steps[shown].scrollIntoView({ block: "nearest" });
    shown += 1;
    left = shown < steps.length ? Number(steps[shown].dataset.silence) : 0;
    say();
    wait();
  }

  play.addEventListener("click", () => {
    spend();
    for (const step of steps) step.hidden = true;
    shown = 0;
    left = 0;
    resting = false;
    say();
    wait();
  });
  rest.addEventListener("click", () => {
    spend();
    resting = !resting;
    say();
    wait();
  });
  controls.addEventListener("change", (event) => {
    spend();
    speed = Number(event.target.value);
    if (shown < steps.length) say();
    wait();
  });
  controls.hidden = false;
}

const news = document.querySelector("[data-news]");
if (news) follow(news);
const replay = document.querySelector("[data-replay]");
if (replay) replayed(replay, document.getElementById("replay"));
