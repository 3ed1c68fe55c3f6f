// A name on the star map, written once on a canvas of its own: to draw that is quicker than to write it in each frame.
"use strict";

function starName(name, ratio, colours) {
  const text = name.length > 40 ? `${name.slice(0, 39)}…` : name;
  const word = document.createElement("canvas"), ink = word.getContext("2d");
  const font = `${12 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
  ink.font = font;
  [word.width, word.height] = [Math.ceil(ink.measureText(text).width) + 6 * ratio, 18 * ratio];
  Object.assign(ink, { font, textBaseline: "middle", lineJoin: "round", lineWidth: 3 * ratio });
  Object.assign(ink, { strokeStyle: colours.halo, fillStyle: colours.ink });
  ink.strokeText(text, 3 * ratio, word.height / 2);
  ink.fillText(text, 3 * ratio, word.height / 2);
  return word;
}
