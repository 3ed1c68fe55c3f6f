// Follows answers as they are written. Without it a form waits for the finished answer.
"use strict";

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

  function look(sentence) {
    news.close();
    document.getElementById("told").textContent = sentence;
    answer.dispatchEvent(new CustomEvent("haven-written"));
  }

  news.onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (told.end) {
      look("The answer is there.");
      return;
    }
    const below = window.innerHeight + window.scrollY > document.body.scrollHeight - 200;
    whole = whole.slice(0, told.at) + told.add;
    text.textContent = whole;
    text.classList.toggle("draft", told.draft);
    if (said.textContent !== told.said) said.textContent = told.said;
    if (below && told.add) answer.scrollIntoView({ block: "end" });
  };
  news.onerror = () => {
    if (news.readyState === EventSource.CLOSED) window.setTimeout(look, 5000, "");  // refused: it asks again itself else
  };
  window.addEventListener("pagehide", () => news.close());
}

// On the page as it came, and on what htmx has put in since.
function enliven() {
  for (const form of document.querySelectorAll("form[data-live]")) if (!form.elements.live) mark(form);
  for (const answer of document.querySelectorAll("[data-stream]:not([data-followed])")) {
    answer.dataset.followed = "yes";
    follow(answer);
  }
}

enliven();
document.addEventListener("htmx:after:swap", enliven);

const words = document.getElementById("text");
words?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    words.form.requestSubmit(words.form.querySelector("[value=ask]"));
  }
});
