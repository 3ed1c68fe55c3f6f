// What stands beside the star map: going to a place by its name, its card, and where a route begins and ends.
"use strict";

(() => {
  const map = window.havenMap, typed = document.getElementById("at"), hits = document.getElementById("hits");
  let typing = 0, asked = 0;

  async function find() {
    const mine = ++asked, words = typed.value.trim();
    const found = words ? await map.piece("find", { words }) : "";
    if (mine === asked) hits.innerHTML = found;
  }

  typed.addEventListener("input", () => {
    window.clearTimeout(typing);
    typing = window.setTimeout(find, 180);
  });

  typed.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    window.clearTimeout(typing);
    await find();
    hits.querySelector("a")?.click();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".beside a[data-row], .beside a[data-route]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.route) {
      const field = document.getElementById(link.dataset.route);
      field.value = link.closest(".star").dataset.id;
      field.focus();
    } else {
      hits.replaceChildren();
      map.go(Number(link.dataset.row));
    }
  });
})();
