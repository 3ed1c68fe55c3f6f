// A change while it is open: where it stands, its keys, and in its diff the files that were viewed and a remark on a line.
"use strict";

(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const diff = $("#diff");

  // What goes on, as it is told live.
  document.body.addEventListener("haven-change", (event) => {
    const told = event.detail;
    if (told.kind === "change.progress") {
      for (const one of $$(`[data-doing="${CSS.escape(told.subject)}"]`)) one.textContent = told.text;
      if (told.stage !== null) for (const list of $$(`ol[data-change="${CSS.escape(told.subject)}"]`)) mark(list, told.stage);
      return;
    }
    document.body.dispatchEvent(new CustomEvent("haven-moved"));
    const standing = $("#standing");
    if (standing?.dataset.of === told.subject) standing.dispatchEvent(new CustomEvent("moved"));
  });

  function mark(list, stage) {
    [...list.children].forEach((item, at) => {
      item.className = at < stage ? "done" : at === stage ? "now" : "later";
      if (at === stage) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
  }

  // Files that were viewed: kept in this browser, by change, round and file.
  const key = (file) => `haven-viewed:${diff.dataset.change}:${diff.dataset.round}:${file.dataset.path}`;

  function count() {
    const ticks = $$(".file .viewed input");
    const shown = $("#viewed");
    shown.hidden = !ticks.length;
    shown.textContent = `${ticks.filter((one) => one.checked).length} of ${ticks.length} viewed`;
  }

  function tick(file, viewed) {
    $(".viewed input", file).checked = viewed;
    $("details", file).open = !viewed;
    const leaf = $(`.tree [data-file="${file.id.slice(5)}"]`);
    leaf?.parentElement.classList.toggle("ticked", viewed);
    count();
  }

  function viewed(file, is) {
    if (is) localStorage.setItem(key(file), "1");
    else localStorage.removeItem(key(file));
    tick(file, is);
  }

  // One line at a time is the one that keys and remarks are about.
  let here = null;

  function shown(one) {
    return one.offsetParent !== null;
  }

  function go(line, focus = true) {
    here?.classList.remove("here");
    here = line;
    line.classList.add("here");
    line.tabIndex = -1;
    if (focus) {
      line.focus({ preventScroll: true });
      line.scrollIntoView({ block: "nearest" });
    }
    offer(line);
  }

  function step(all, by) {
    if (!all.length) return;
    const from = here && shown(here) ? here : null;
    if (!from) return go(all[by > 0 ? 0 : all.length - 1]);
    const after = (one) => from.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
    const found = by > 0 ? all.find((one) => one !== from && after(one)) : all.findLast((one) => one !== from && !after(one));
    if (found) go(found);
  }

  const lines = () => $$(".l:not(.twin):not(.e)", diff).filter(shown);
  const changes = () => lines().filter((one) => {
    if (!one.matches(".a, .d")) return false;
    const before = one.previousElementSibling;
    return !before?.matches(".a, .d");
  });

  function place(line) {
    const file = line.closest(".file");
    return line.dataset.n ? `${file.dataset.path}:${line.dataset.n}` : "";
  }

  // The button of the line that is pointed at, and the remark that becomes the tweak.
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plus-button";
  button.textContent = "Remark";
  button.tabIndex = -1;
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    remark();
  });

  function offer(line) {
    if (diff.dataset.mayRemark && place(line)) line.append(button);
    else button.remove();
  }

  function remark() {
    const at = here && place(here);
    const words = $("#words");
    if (!at || !words || !diff.dataset.mayRemark) return;
    const old = $(".remark");
    const typed = old ? $("textarea", old).value : "";
    old?.remove();
    const box = document.createElement("form");
    box.className = "remark";
    const said = document.createElement("p");
    said.textContent = `What should be different in ${at}? Another round is made of it.`;
    const text = document.createElement("textarea");
    text.setAttribute("aria-label", `A remark on ${at}`);
    text.maxLength = 4000;
    text.required = true;
    text.value = typed;
    const actions = document.createElement("div");
    actions.className = "actions";
    const send = document.createElement("button");
    send.textContent = "Send as a tweak";
    const away = document.createElement("button");
    away.type = "button";
    away.className = "quiet";
    away.textContent = "Put it away";
    actions.append(send, away);
    box.append(said, text, actions);
    here.after(box);
    text.focus();
    away.addEventListener("click", () => { box.remove(); here.focus(); });
    box.addEventListener("keydown", (event) => { if (event.key === "Escape") { box.remove(); here.focus(); } });
    box.addEventListener("submit", (event) => {
      event.preventDefault();
      words.value = text.value;
      $("#at").value = at;
      words.form.requestSubmit();
    });
  }

  // Keys, while nobody types.
  function act(name) {
    const one = $(`[data-act="${name}"]`);
    if (!one) return;
    if (one.tagName === "DETAILS") one.open = true;
    const field = $("input:not([type=hidden]), textarea", one) ?? $("button", one);
    one.scrollIntoView({ block: "center" });
    field.focus();
  }

  function file(by) {
    const all = $$(".file");
    const at = all.indexOf(here?.closest(".file") ?? document.activeElement?.closest(".file"));
    const found = all[at < 0 ? 0 : at + by];
    if (!found) return;
    found.scrollIntoView({ block: "start" });
    $("summary", found).focus({ preventScroll: true });
    here?.classList.remove("here");
    here = $(".l:not(.twin)", found);
  }

  const current = () => here?.closest(".file") ?? document.activeElement?.closest(".file");
  const KEYS = {
    a: () => act("approve"), t: () => act("tweak"), r: () => act("reject"), s: () => act("skip"),
    x: () => act("stop"), y: () => act("retry"), w: () => act("withdraw"), u: () => act("undo"),
    1: () => $(".tabs a:nth-of-type(1)")?.click(), 2: () => $(".tabs a:nth-of-type(2)")?.click(),
    "?": () => $("#keys")?.showModal(),
  };
  const DIFF_KEYS = {
    n: () => step(changes(), 1), p: () => step(changes(), -1), j: () => step(lines(), 1), k: () => step(lines(), -1),
    "]": () => file(1), "[": () => file(-1), c: remark, v: () => $(".strip [data-view]:not(.chosen)")?.click(),
    e: () => { const one = current(); if (one) viewed(one, !$(".viewed input", one).checked); },
    o: () => { const one = current() && $("details", current()); if (one) one.open = !one.open; },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const work = (diff && DIFF_KEYS[event.key]) || KEYS[event.key];
    if (work) {
      event.preventDefault();
      work();
    }
  });

  const keys = $("#keys-show");
  if (keys) {
    keys.hidden = false;
    keys.addEventListener("click", () => $("#keys").showModal());
  }

  function opened() {
    const target = location.hash.startsWith("#file-") && document.getElementById(location.hash.slice(1));
    if (target) {
      $("details", target).open = true;
      target.scrollIntoView({ block: "start" });
    }
  }

  if (diff) {
    for (const one of $$(".file", diff)) {
      $(".viewed", one).hidden = false;
      $(".viewed input", one).addEventListener("change", (event) => viewed(one, event.target.checked));
      if (localStorage.getItem(key(one))) tick(one, true);
    }
    count();
    diff.addEventListener("click", (event) => {
      const line = event.target.closest(".l");
      if (line && !line.matches(".twin, .e") && !window.getSelection().toString()) go(line, false);
    });
    diff.addEventListener("mouseover", (event) => {
      const line = event.target.closest(".l");
      if (line && !line.matches(".twin, .e") && !$(".remark")) {
        here?.classList.remove("here");
        here = line;
        offer(line);
      }
    });
    window.addEventListener("hashchange", opened);
    opened();
  }
})();
