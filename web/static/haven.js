// Keeps an open page up to date: says on the body what happens in the house, and htmx asks anew for what shows it.
"use strict";

(() => {
  const body = document.body;

  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-Haven-Seal"] = body.dataset.seal;
  });

  function say(sentence, level) {
    const sign = document.getElementById("live");
    if (sign) {
      sign.textContent = sentence;
      sign.className = `live ${level}`;
      sign.role = "status"; // only from now on: that a page is live as it came is nothing to be read out
    }
  }

  // Browsers keep six connections to a place: a tab that nobody sees holds none, and looks anew when it is seen again.
  function follow() {
    const AREAS = ["change", "alert", "cloud", "world", "draft", "waiting", "answer", "model", "backup", "cap", "kiosk", "step"];

    function tell(kind, told) {
      body.dispatchEvent(new CustomEvent(`haven-${kind.split(".")[0]}`, { detail: told }));
    }

    let news = null, missed = document.hidden;

    function listen() {
      const since = missed ? "" : `?after=${body.dataset.began}`;
      news = new EventSource(body.dataset.live + since);
      news.onopen = () => {
        say("live", "ok");
        if (missed) for (const area of AREAS) tell(area, { kind: `${area}.missed`, subject: "" });
        missed = false;
      };
      news.onerror = () => {
        say("connecting again", "note");
        missed = true;
      };
      news.onmessage = (event) => {
        const told = JSON.parse(event.data);
        tell(told.kind, told);
      };
    }

    function rest() {
      news?.close();
      news = null;
      missed = true;
    }

    if (!document.hidden) listen();
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) rest();
      else if (!news) listen();
    });
    window.addEventListener("pagehide", rest);
  }

  // After all scripts have run and htmx has begun, which takes a timer: an event that came earlier would find nobody.
  if (body.dataset.live) document.addEventListener("DOMContentLoaded", () => window.setTimeout(follow));

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
})();
