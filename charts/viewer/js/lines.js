// The same head as lines between two columns of tokens: queries left, keys right.

import { font } from "./colour.js";
import { number, visible } from "./text.js";

const PITCH = 18; // height of a token's row
const HEAD = 44; // title and axis names
const TALLEST = 580; // what is longer scrolls
const SHADES = 12;

// For every query the smallest set of keys that together carry the share p of its weight.
export function strongest(cells, queries, keys, share) {
  return Array.from({ length: queries }, (_, i) => {
    const row = cells.subarray(i * keys, (i + 1) * keys);
    const sorted = Float32Array.from(row).sort().reverse();
    const total = sorted.reduce((sum, weight) => sum + weight, 0);
    let carried = 0;
    let size = 0;
    while (size < keys && carried < share * total * (1 - 1e-6)) carried += sorted[size++];
    if (!size) return [];
    const least = sorted[size - 1];
    const above = [];
    const level = [];
    row.forEach((weight, j) => {
      if (weight > least) above.push(j);
      else if (weight === least) level.push(j);
    });
    return above.concat(level.slice(0, size - above.length));
  });
}

const union = (a, b) => a.map((keys, i) => [...new Set([...keys, ...b[i]])]);

export class Lines {
  constructor(stage) {
    this.stage = stage;
    this.pinned = null; // { side: 0 query | 1 key, n }
    this.hovered = null;
    this.kept = new Map();
  }

  forget() {
    this.kept.clear();
    this.hovered = null;
  }

  // The lines of one panel at a share, remembered until the cells change.
  #chosen(panel, share) {
    const known = this.kept.get(panel);
    if (known?.share === share) return known.keys;
    const { rows, columns } = panel;
    const keys = panel.parts
      ? union(...panel.parts.map((part) => this.#chosen(part, share)))
      : strongest(panel.cells, rows.count, columns.count, share);
    this.kept.set(panel, { share, keys });
    return keys;
  }

  draw(pen, theme, panels, share, chosen) {
    const { stage } = this;
    const rows = Math.max(panels[0].rows.count, panels[0].columns.count);
    const total = HEAD + rows * PITCH + 8;
    this.height = Math.min(total, TALLEST);
    const width = stage.open(this.height, total);
    pen.ground(width, this.height);
    this.top = stage.scroller.scrollTop;
    const gap = 32;
    // A few short tokens need no wide gulf between their columns.
    const each = Math.min(440, (width - gap * (panels.length - 1)) / panels.length);
    this.spans = panels.map((_, n) => ({ x: n * (each + gap), width: each }));
    this.label = Math.min(110, each * 0.32);
    panels.forEach((panel, n) => this.#panel(pen, theme, panel, this.spans[n], share, chosen));
  }

  #y(n) {
    return HEAD + (n + 0.5) * PITCH - this.top;
  }

  #panel(pen, theme, panel, span, share, chosen) {
    const { context } = pen;
    const left = span.x + this.label;
    const right = span.x + span.width - this.label;
    const write = (text, x, y, size, weight, room) => {
      const style = font(theme, size, weight);
      const fitted = pen.fitter.fit(text, style, room);
      context.font = style;
      context.fillText(fitted, x, y);
    };
    context.textBaseline = "alphabetic";
    context.fillStyle = theme.text;
    context.textAlign = "left";
    write(panel.title, span.x, 13, 13, 600, span.width);
    context.textAlign = "right";
    context.fillStyle = panel.rows.colour;
    write(panel.rows.name, left - 6, 32, 11, 600, this.label - 6);
    context.textAlign = "left";
    context.fillStyle = panel.columns.colour;
    write(panel.columns.name, right + 6, 32, 11, 600, this.label - 6);
    if (panel.signs) {
      context.textAlign = "right";
      context.fillStyle = theme.palette.less;
      const end = span.x + span.width;
      write(panel.signs.less, end, 13, 11, 600, 60);
      context.fillStyle = theme.palette.more;
      const used = pen.fitter.width(panel.signs.less, font(theme, 11, 600));
      write(panel.signs.more, end - used - 10, 13, 11, 600, 60);
    }
    context.save();
    context.beginPath();
    context.rect(span.x, HEAD - 4, span.width, this.height - HEAD + 4);
    context.clip();
    const active = this.hovered ?? this.pinned;
    this.#strokes(context, theme, panel, this.#chosen(panel, share), left + 2, right - 2, active);
    context.textBaseline = "middle";
    for (const [side, axis] of [[0, panel.rows], [1, panel.columns]]) {
      context.textAlign = side ? "left" : "right";
      const x = side ? right + 6 : left - 6;
      const last = Math.ceil((this.top + this.height - HEAD) / PITCH);
      for (let n = Math.floor(this.top / PITCH); n < Math.min(axis.count, last); n++) {
        const on = active && active.side === side && active.n === n;
        const marked = chosen && chosen[side] === n;
        const token = visible(axis.labels[n]);
        if (!side && this.#lost(panel, n)) pen.cross(left + 2, this.#y(n) - 6, 12, 12);
        context.fillStyle = on || marked ? axis.colour : theme.text;
        write(token, x, this.#y(n), 12, on || marked ? 700 : 400, this.label - 8);
        if (this.pinned && this.pinned.side === side && this.pinned.n === n) {
          context.beginPath();
          context.arc(side ? right : left, this.#y(n), 3.5, 0, 7);
          context.fill();
        }
      }
    }
    context.restore();
  }

  // Whether a query's weights overflowed: it has no lines.
  #lost({ cells, masked, columns: { count } }, i) {
    const row = cells.subarray(i * count, (i + 1) * count);
    return row.some((value, j) => !Number.isFinite(value) && !masked?.[i * count + j]);
  }

  // Lines of the same shade are one path. Without an active token only lines with an end in sight
  // are drawn, so that 512 tokens stay quick.
  #strokes(context, theme, panel, kept, left, right, active) {
    const { cells, scale, columns } = panel;
    const paths = new Map();
    const seen = (n) => this.#y(n) > HEAD - PITCH && this.#y(n) < this.height + PITCH;
    kept.forEach((keys, i) => {
      if (active?.side === 0 && active.n !== i) return;
      for (const j of keys) {
        if (active?.side === 1 && active.n !== j) continue;
        if (!active && !seen(i) && !seen(j)) continue;
        const value = cells[i * columns.count + j];
        if (!Number.isFinite(value)) continue;
        const shade = Math.ceil(Math.min(1, Math.abs(value) / scale.high) * SHADES);
        if (!shade) continue;
        const key = value < 0 ? -shade : shade;
        let path = paths.get(key);
        if (!path) paths.set(key, (path = new Path2D()));
        const [from, to] = [this.#y(i), this.#y(j)];
        const bend = (right - left) * 0.42;
        path.moveTo(left, from);
        path.bezierCurveTo(left + bend, from, right - bend, to, right, to);
      }
    });
    const { more, less, weights_ramp } = theme.palette;
    context.lineWidth = active ? 2 : 1.5;
    for (const [key, path] of [...paths].sort(([a], [b]) => Math.abs(a) - Math.abs(b))) {
      context.globalAlpha = Math.min(1, (Math.abs(key) / SHADES) * 0.92 + 0.06);
      context.strokeStyle = scale.signed ? (key < 0 ? less : more) : weights_ramp[4];
      context.stroke(path);
    }
    context.globalAlpha = 1;
  }

  // The token under a point: { side, n } or null.
  hit([px, py]) {
    if (py < HEAD || !this.spans) return null;
    const n = Math.floor((py - HEAD + this.top) / PITCH);
    for (const { x, width } of this.spans) {
      if (px >= x && px <= x + this.label + 8) return { side: 0, n };
      if (px <= x + width && px >= x + width - this.label - 8) return { side: 1, n };
    }
    return null;
  }

  reveal(n) {
    const { scroller } = this.stage;
    const y = n * PITCH;
    const room = this.height - HEAD - PITCH;
    if (y < scroller.scrollTop) scroller.scrollTop = y;
    else if (y > scroller.scrollTop + room) scroller.scrollTop = y - room;
  }
}

// The tokens that a token's heaviest lines lead to, with their weights, for the readout.
export function partners(panel, side, n, words) {
  const { rows, columns, cells, source } = panel;
  const [other, style] = side ? [rows, "query"] : [columns, "key"];
  const weight = (m) => (side ? cells[m * columns.count + n] : cells[n * columns.count + m]);
  return [...Array(other.count).keys()]
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, 3)
    .flatMap((m) => {
      const value = weight(m);
      const text = number(value, { words, uncertainty: source[0].uncertainty(value) });
      return [[visible(other.labels[m]).slice(0, 16), style], [text, "value"]];
    });
}
