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
    if (standing && (!told.subject || standing.dataset.of === told.subject)) standing.dispatchEvent(new CustomEvent("moved"));
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
    const on = diff.dataset.mayRemark && place(line);
    if (!on) button.remove();
    else if (button.parentElement !== line) line.append(button);
  }

  // Remarks are kept in this browser while they are written, by change and round; all of them go with one tweak.
  const kept = () => `haven-remarks:${diff.dataset.change}:${diff.dataset.round}`;
  const remarks = new Map(diff?.dataset.mayRemark ? JSON.parse(localStorage.getItem(kept()) ?? "[]") : []);

  function keep() {
    const said = [...remarks].filter(([, words]) => words.trim());
    if (said.length) localStorage.setItem(kept(), JSON.stringify(said));
    else localStorage.removeItem(kept());
    const form = $("#words").form;
    $("#words").required = !said.length;
    for (const one of $$(".of-remark", form)) one.remove();
    said.forEach(([at, words], number) => {
      for (const [name, value] of [["at", at], ["words", words]]) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", className: "of-remark", name: `remark-${number + 1}-${name}`, value });
        form.append(field);
      }
    });
    const count = said.length === 1 ? "1 remark" : `${said.length} remarks`;
    const send = $("#send-remarks");
    send.hidden = !said.length;
    send.textContent = `Send ${count} as a tweak`;
    $("button:not([type])", form).textContent = said.length ? `Send the tweak with ${count}` : "Send the tweak";
  }

  function made(name, given, ...inside) {
    const one = Object.assign(document.createElement(name), given);
    one.append(...inside);
    return one;
  }

  function box(line, at) {
    const text = made("textarea", { value: remarks.get(at) ?? "", maxLength: 4000 });
    text.setAttribute("aria-label", `Remark on ${at}`);
    const away = made("button", { type: "button", className: "quiet", textContent: "Take it back" });
    const found = made("div", { className: "remark" }, made("p", { textContent: `What should be different in ${at}?` }), text, away);
    found.dataset.at = at;
    text.addEventListener("input", () => { remarks.set(at, text.value); keep(); });
    text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") go(line);
      if (event.key === "Enter" && event.ctrlKey) $("#words").form.requestSubmit();
    });
    away.addEventListener("click", () => { remarks.delete(at); keep(); found.remove(); go(line); });
    line.after(found);
    return text;
  }

  function remark() {
    if (!here || !diff.dataset.mayRemark) return;
    if (!place(here)) { // what is gone can't be pointed at: the line after it
      const all = $$(".l[data-n]:not(.twin)", here.closest(".file")).filter(shown);
      const after = all.find((one) => here.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) ?? all.at(-1);
      if (!after) return;
      go(after);
    }
    const at = place(here);
    const there = $(`.remark[data-at="${CSS.escape(at)}"] textarea`);
    (there ?? box(here, at)).focus();
  }

  function remarked() {
    if (!remarks.size) return;
    for (const line of $$(".l[data-n]:not(.twin)", diff)) {
      const at = place(line);
      if (remarks.has(at) && !$(`.remark[data-at="${CSS.escape(at)}"]`)) box(line, at);
    }
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
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
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
      if (line && !line.matches(".twin, .e")) {
        here?.classList.remove("here");
        here = line;
        offer(line);
      }
    });
    if (diff.dataset.mayRemark) {
      remarked();
      keep();
      document.body.addEventListener("htmx:after:swap", remarked);
      $("#send-remarks").addEventListener("click", () => $("#words").form.requestSubmit());
    }
    window.addEventListener("hashchange", opened);
    opened();
  }
})();
