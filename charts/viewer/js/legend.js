// The ramp with its numbers, and the swatches of what is masked and of what overflowed.

import { font } from "./colour.js";
import { tick } from "./text.js";

export const LEGEND = 44; // height that a legend takes
const BAR = 8;

export function drawLegend(pen, theme, scale, x, y, width, { title, masked, overflowed }) {
  const { context } = pen;
  const length = Math.floor(Math.min(180, masked || overflowed ? width * 0.6 : width));
  const top = y + (title ? 14 : 4);
  for (let n = 0; n < length; n++) {
    const value = valueAt(scale, n / (length - 1));
    context.fillStyle = scale.css(value, theme);
    context.fillRect(x + n, top, Math.min(1.5, length - n), BAR);
  }
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, top + 0.5, length - 1, BAR - 1);
  context.font = font(theme, 10);
  context.fillStyle = theme.muted;
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.fillText(pen.fitter.fit(title, font(theme, 10), width), x, y + 8);
  const ticks = scale.ticks();
  // The ends first: a tick in between is left out when it would touch one.
  const order = [0, ticks.length - 1, ...ticks.keys()].filter((n, k, all) => all.indexOf(n) === k);
  const taken = [];
  for (const n of order) {
    const at = scale.place(ticks[n]) * length;
    const text = (scale.signed && ticks[n] > 0 ? "+" : "") + tick(ticks[n]);
    const half = pen.fitter.width(text, font(theme, 10)) / 2;
    const centre = Math.min(Math.max(at, half), length - half);
    if (taken.some(([left, right]) => centre - half < right + 4 && centre + half > left - 4)) {
      continue;
    }
    taken.push([centre - half, centre + half]);
    context.textAlign = "center";
    context.fillText(text, x + centre, top + BAR + 12);
  }
  const at = x + length + 14;
  const room = width - length - 14 - 18;
  const swatches = [
    [masked, (y) => {
      context.fillStyle = pen.hatch;
      context.fillRect(at, y, 12, 12);
    }],
    [overflowed, (y) => pen.cross(at, y, 12, 12)],
  ].filter(([name]) => name);
  if (room <= 20) return;
  swatches.forEach(([name, paint], n) => {
    const down = top - 2 + 16 * n;
    paint(down);
    context.font = font(theme, 10);
    context.fillStyle = theme.muted;
    context.textAlign = "left";
    context.fillText(pen.fitter.fit(name, font(theme, 10), room), at + 17, down + 10);
  });
}

function valueAt(scale, place) {
  const bend = (size) => (scale.bent ? size * size : size);
  if (!scale.signed) return bend(place) * scale.high;
  const size = Math.abs(place - 0.5) * 2;
  return Math.sign(place - 0.5) * bend(size) * scale.high;
}
