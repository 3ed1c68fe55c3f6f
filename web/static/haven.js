// Keeps an open page up to date: says on the body what happens in the house, and htmx asks anew for what shows it.
"use strict";

const body = document.body;

document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-Haven-Seal"] = body.dataset.seal;
});

function say(sentence, level) {
  const sign = document.getElementById("live");
  if (sign) {
    sign.textContent = sentence;
    sign.className = `live ${level}`;
  }
}

if (body.dataset.live) {
  const news = new EventSource(body.dataset.live);
  news.onopen = () => say("live", "ok");
  news.onerror = () => say("connecting again", "note");
  news.onmessage = (event) => {
    const told = JSON.parse(event.data);
    const area = told.kind.split(".")[0];
    body.dispatchEvent(new CustomEvent(`haven-${area}`, { detail: told }));
  };
  window.addEventListener("pagehide", () => news.close());
}

// On a narrow screen the menu is scrolled to where one is.
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A form is sent once, and what can't be undone is asked about.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.ask && !window.confirm(form.dataset.ask)) {
    event.preventDefault();
    return;
  }
  if (form.method === "post") {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    window.setTimeout(() => delete form.dataset.sent, 3000);
  }
});
