// The real kiosk in a terminal: what it types goes to Haven, what Haven draws comes back. See web/routes/kiosk_page.py.
"use strict";

const place = document.getElementById("terminal");
const state = document.getElementById("kiosk-state");
const terminal = new Terminal({
  fontSize: window.innerWidth < 700 ? 11 : 16,
  fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
  scrollback: 0,
  cursorBlink: false,
});
const fit = new FitAddon.FitAddon();
terminal.loadAddon(fit);
terminal.open(place);
fit.fit();

const address = new URL(place.dataset.socket, window.location.href);
address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
const line = new WebSocket(address);
line.binaryType = "arraybuffer";
const bytes = new TextEncoder();
let why = "";

function send(data) {
  if (line.readyState === WebSocket.OPEN) line.send(data);
}

function size() {
  return { size: [terminal.cols, terminal.rows] };
}

line.onopen = () => {
  send(JSON.stringify({ ticket: place.dataset.ticket, ...size() }));
  state.textContent = "Connected. Tab and the arrows belong to the kiosk while it has the focus; Ctrl+Q leaves it.";
  terminal.focus();
};
line.onmessage = (event) => {
  if (typeof event.data === "string") why = JSON.parse(event.data).end;
  else terminal.write(new Uint8Array(event.data));
};
line.onclose = () => {
  state.textContent = `The kiosk is closed. ${why}`;
  const again = document.getElementById("kiosk-again");
  again.hidden = false;
  again.querySelector("button").focus(); // the terminal keeps every key, Tab too
};
terminal.onData((text) => send(bytes.encode(text)));
terminal.onBinary((text) => send(Uint8Array.from(text, (one) => one.charCodeAt(0))));
terminal.onResize(() => send(JSON.stringify(size())));
new ResizeObserver(() => fit.fit()).observe(place);
window.addEventListener("pagehide", () => line.close());
