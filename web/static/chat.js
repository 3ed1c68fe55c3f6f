// Follows answers as they are written. Without it a form waits for the finished answer.
"use strict";

for (const form of document.querySelectorAll("form[data-live]")) mark(form);

function mark(form) {
  const live = document.createElement("input");
  live.type = "hidden";
  live.name = "live";
  live.value = "yes";
  form.append(live);
}

function follow(answer) {
  const text = answer.querySelector("[data-text]");
  const said = answer.querySelector("[data-said]");
  const news = new EventSource(answer.dataset.stream);
  let whole = "";
  news.onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (told.end) {
      news.close();
      answer.dispatchEvent(new CustomEvent("haven-written"));
      return;
    }
    const below = window.innerHeight + window.scrollY > document.body.scrollHeight - 200;
    whole = whole.slice(0, told.at) + told.add;
    text.textContent = whole;
    text.classList.toggle("draft", told.draft);
    if (said.textContent !== told.said) said.textContent = told.said;
    if (below) answer.scrollIntoView({ block: "end" });
  };
  window.addEventListener("pagehide", () => news.close());
}

for (const answer of document.querySelectorAll("[data-stream]")) follow(answer);

// What htmx has put in comes to life as well.
document.addEventListener("htmx:after:swap", () => {
  for (const form of document.querySelectorAll("form[data-live]")) if (!form.elements.live) mark(form);
});

const words = document.getElementById("text");
words?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    words.form.requestSubmit(words.form.querySelector("[value=ask]"));
  }
});
