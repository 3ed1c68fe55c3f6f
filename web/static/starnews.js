// Keeps an open map up to date: when the world changes, what the page tells of it is asked for anew and put in place.
"use strict";

(() => {
  const REST_MS = 3000; // an import tells of many changes: one look for all that come meanwhile
  const TOLD = [".legend", ".told", "#list", ".stops"];
  let looking = false, again = false;

  async function look() {
    const box = document.getElementById("starmap");
    const places = await fetch(box.dataset.places); // kept by the browser while nothing has changed
    if ((places.headers.get("ETag") || "").replaceAll('"', "") === window.havenMap.seen().tag) return;
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
    const fresh = page.getElementById("starmap");
    if (!fresh) return;
    for (const name of ["at", "route"]) delete box.dataset[name];
    Object.assign(box.dataset, fresh.dataset);
    for (const selector of TOLD) {
      const old = document.querySelector(selector), now = page.querySelector(selector);
      if (old && now && !old.contains(document.activeElement)) old.replaceWith(now);
    }
    document.getElementById("hits").replaceChildren(); // they lead to rows of before
    await window.havenMap.renew();
  }

  async function follow() {
    again = true;
    if (looking) return;
    looking = true;
    while (again) {
      again = false;
      await window.havenMap.ready.then(look).catch(() => {}); // out of reach: the next change asks again
      await new Promise((rested) => window.setTimeout(rested, REST_MS));
    }
    looking = false;
  }

  document.body.addEventListener("haven-world", follow);
})();
