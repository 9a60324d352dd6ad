// Token labels along the sides of a matrix: as many as have room, none over another.

import { font } from "./colour.js";
import { fill, visible } from "./text.js";

const LABEL = 11;
const PITCH = 13; // closest that two labels may come

// Show every n-th label when there is no room for all.
const stride = (cell) => {
  const least = PITCH / cell;
  return [1, 2, 3, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 256].find((n) => n >= least)
    ?? Math.ceil(least);
};

// What an axis is called, and how many of its labels stand there, where not all do.
export function axisName({ axis, labels, thinned }, cell) {
  const step = labels ? stride(cell) : 1;
  const said = step > 1 && labels.length > 1 ? fill(thinned, { step }) : "";
  return [axis, said].filter(Boolean).join(" · ");
}

const widest = (labels, fitter, theme, most) => {
  let width = 0;
  for (const label of labels) {
    width = Math.max(width, fitter.width(visible(label), font(theme, LABEL)));
    if (width >= most) return most;
  }
  return Math.ceil(width);
};

export const gutter = (labels, fitter, theme, most) =>
  labels ? widest(labels, fitter, theme, most) + 8 : 0;

// Column labels lie flat when the widest fits over its cell, else they stand.
export function columnRoom(labels, cell, fitter, theme, most) {
  if (!labels) return { flat: true, height: 0 };
  const width = widest(labels, fitter, theme, most);
  return width <= cell - 4 ? { flat: true, height: PITCH + 4 } : { flat: false, height: width + 8 };
}

// Which labels of the visible part of an axis to draw: [index, centre].
function* places(labels, from, to, at, cell) {
  const step = stride(cell);
  for (let n = Math.ceil(from / step) * step; n < to && n < labels.length; n += step) {
    const centre = at + (n + 0.5 - from) * cell;
    if (centre >= at && centre <= at + (to - from) * cell) yield [n, centre];
  }
}

export function drawRowLabels(pen, theme, panel, box, lit) {
  const { labels, colour } = panel.rows;
  const room = panel.gutter - 8;
  const write = (n, y, weight) => {
    const style = font(theme, LABEL, weight);
    const text = pen.fitter.fit(visible(labels[n]), style, room);
    pen.context.font = style;
    pen.context.fillText(text, box.x - 6, y);
  };
  pen.context.textAlign = "right";
  pen.context.textBaseline = "middle";
  const cell = box.height / (box.to[0] - box.from[0]);
  pen.context.fillStyle = theme.text;
  for (const [n, y] of places(labels, box.from[0], box.to[0], box.y, cell)) {
    if (lit === null || Math.abs(lit - n) * cell >= PITCH) write(n, y, 400);
  }
  if (lit !== null && lit >= box.from[0] && lit < box.to[0]) {
    pen.context.fillStyle = colour;
    write(lit, box.y + (lit + 0.5 - box.from[0]) * cell, 700);
  }
}

export function drawColumnLabels(pen, theme, panel, box, lit) {
  const { labels, colour } = panel.columns;
  const cell = box.width / (box.to[1] - box.from[1]);
  const { flat, height } = panel.columnRoom;
  const write = (n, x, weight) => {
    const style = font(theme, LABEL, weight);
    const room = flat ? Math.max(cell, PITCH) : height - 8;
    const text = pen.fitter.fit(visible(labels[n]), style, room);
    pen.context.font = style;
    pen.context.save();
    pen.context.translate(x, box.y - 5);
    if (!flat) pen.context.rotate(-Math.PI / 2);
    pen.context.textAlign = flat ? "center" : "left";
    pen.context.textBaseline = flat ? "alphabetic" : "middle";
    pen.context.fillText(text, 0, 0);
    pen.context.restore();
  };
  pen.context.fillStyle = theme.text;
  for (const [n, x] of places(labels, box.from[1], box.to[1], box.x, cell)) {
    if (lit === null || Math.abs(lit - n) * cell >= PITCH || (flat && lit !== n)) write(n, x, 400);
  }
  if (lit !== null && lit >= box.from[1] && lit < box.to[1]) {
    pen.context.fillStyle = colour;
    write(lit, box.x + (lit + 0.5 - box.from[1]) * cell, 700);
  }
}
