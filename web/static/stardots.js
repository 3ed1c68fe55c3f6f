// The pixels of the star map: links and dots, written by hand into one image a frame.
"use strict";

window.StarDots = class {
  static PALE = 0; // what a filter leaves out
  static PLAIN = 1; // what belongs to no class
  static #EDGE = 24; // pixels around the canvas, so that a dot at its edge needs no care
  static #LINK_PIXELS = 60_000; // of all links together: more of them hide what they link
  static #INSIDE = {
    circle: (right, up, r) => right * right + up * up <= r * r,
    square: (right, up, r) => Math.max(Math.abs(right), Math.abs(up)) <= 0.88 * r,
    diamond: (right, up, r) => Math.abs(right) + Math.abs(up) <= 1.25 * r,
    triangle: (right, up, r) => up >= -0.75 * r && 2 * Math.abs(right) + up <= 1.25 * r,
  };

  #pen;
  #image = null;
  #pixels = null;
  #line = 0; // pixels of one row of the image
  #looks = [];
  #link = 0;
  #stamps = [];
  #stampedFor = 0;

  constructor(pen) {
    this.#pen = pen;
  }

  size(wide, tall) {
    const edge = StarDots.#EDGE;
    [this.wide, this.tall, this.#line] = [wide, tall, wide + 2 * edge];
    this.#image = new ImageData(wide + 2 * edge, tall + 2 * edge);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.#stampedFor = 0;
  }

  // `looks`: colour and shape by number; colours as CSS writes them.
  dress(looks, link) {
    this.#looks = looks;
    this.#link = this.#ink(link, 0);
    this.#stampedFor = 0;
  }

  // The sky's rows in their order, as `view` sees them: x and y of the middle, and device pixels for one unit.
  draw(sky, view, radius) {
    const size = Math.round(radius * 4) / 4;
    if (size !== this.#stampedFor) {
      const { PALE, PLAIN } = StarDots;
      this.#stamps = Array.from({ length: 16 }, (_, number) =>
        this.#stamp(this.#looks[number] || this.#looks[PLAIN], number === PALE ? size * 0.7 : size));
      this.#stampedFor = size;
    }
    this.#pixels.fill(0);
    this.#drawLinks(sky, view);
    this.#drawDots(sky, view);
    this.#pen.putImageData(this.#image, -StarDots.#EDGE, -StarDots.#EDGE);
  }

  #drawDots({ count, places, looks, order }, { x, y, scale }) {
    const edge = StarDots.#EDGE, half = edge / 2, pixels = this.#pixels, stamps = this.#stamps;
    const midX = this.wide / 2, midY = this.tall / 2, right = this.wide + half, bottom = this.tall + half;
    for (let place = 0; place < count; place++) {
      const row = order[place];
      const px = (places[row] - x) * scale + midX;
      if (!(px > -half && px < right)) continue;
      const py = midY - (places[count + row] - y) * scale;
      if (!(py > -half && py < bottom)) continue;
      const middle = ((py + edge) | 0) * this.#line + ((px + edge) | 0);
      const { at, ink, full } = stamps[looks[row]];
      for (let part = 0; part < full; part++) pixels[middle + at[part]] = ink[part];
      for (let part = full; part < at.length; part++) {
        if (pixels[middle + at[part]] === 0) pixels[middle + at[part]] = ink[part];
      }
    }
  }

  #drawLinks({ count, places, links }, { x, y, scale }) {
    const midX = this.wide / 2, midY = this.tall / 2;
    let left = StarDots.#LINK_PIXELS;
    for (let pair = 0; pair < links.length && left > 0; pair += 2) {
      const one = links[pair], two = links[pair + 1];
      left -= this.#stroke(
        (places[one] - x) * scale + midX, midY - (places[count + one] - y) * scale,
        (places[two] - x) * scale + midX, midY - (places[count + two] - y) * scale,
      );
    }
  }

  // A smooth line of one pixel (Wu 1991), cut to the canvas; how many pixels long it was.
  #stroke(fromX, fromY, toX, toY) {
    let begin = 0, end = 1;
    const right = toX - fromX, below = toY - fromY;
    if (Math.abs(right) + Math.abs(below) < 6) return 0;
    for (const [way, low, high] of [[right, -fromX, this.wide - fromX], [below, -fromY, this.tall - fromY]]) {
      if (way === 0 && (low > 0 || high < 0)) return 0;
      if (way === 0) continue;
      begin = Math.max(begin, Math.min(low / way, high / way));
      end = Math.min(end, Math.max(low / way, high / way));
    }
    if (begin >= end) return 0;
    const edge = StarDots.#EDGE, pixels = this.#pixels, link = this.#link;
    const isFlat = Math.abs(right) >= Math.abs(below);
    const steps = Math.ceil((isFlat ? Math.abs(right) : Math.abs(below)) * (end - begin)) || 1;
    let px = fromX + right * begin + edge, py = fromY + below * begin + edge;
    const stepX = (right * (end - begin)) / steps, stepY = (below * (end - begin)) / steps;
    const beside = isFlat ? this.#line : 1;
    for (let step = 0; step < steps; step++, px += stepX, py += stepY) {
      const there = (py | 0) * this.#line + (px | 0);
      const share = ((isFlat ? py - (py | 0) : px - (px | 0)) * 255) | 0;
      const one = (link | ((255 - share) << 24)) >>> 0, two = (link | (share << 24)) >>> 0;
      if (one > pixels[there]) pixels[there] = one;
      if (two > pixels[there + beside]) pixels[there + beside] = two;
    }
    return steps;
  }

  // A dot: where its pixels are, counted from its middle, the full ones first; and what is written there.
  #stamp({ colour, shape }, radius) {
    const inside = StarDots.#INSIDE[shape], reach = Math.ceil(radius * 1.3), full = [], edge = [];
    for (let up = -reach; up <= reach; up++) {
      for (let right = -reach; right <= reach; right++) {
        let hits = 0;
        for (let part = 0; part < 16; part++) {
          hits += inside(right + ((part & 3) - 1.5) / 4, up + ((part >> 2) - 1.5) / 4, radius);
        }
        if (hits) (hits > 13 ? full : edge).push([-up * this.#line + right, hits > 13 ? 16 : hits]);
      }
    }
    const all = [...full, ...edge];
    return {
      at: Int32Array.from(all, ([there]) => there),
      ink: Uint32Array.from(all, ([, hits]) => this.#ink(colour, hits / 16)),
      full: full.length,
    };
  }

  // As a pixel of the image holds it: alpha, blue, green, red.
  #ink(colour, share) {
    this.#pen.fillStyle = colour;
    const style = this.#pen.fillStyle, hex = /^#(..)(..)(..)$/.exec(style);
    const [red, green, blue] = hex ? hex.slice(1).map((part) => parseInt(part, 16)) : style.match(/[\d.]+/g).map(Number);
    return ((Math.round(share * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
};
