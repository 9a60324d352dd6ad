// Panels of one shape side by side: labels of the rows once, one legend per scale.

import { drawLegend, LEGEND } from "./legend.js";

const GAP = 22;
const TALLEST = 620;
const LARGEST_CELL = 44;
const TITLE_ROOM = 120; // titles and legends need some, even over a small matrix

export function drawRow(stage, pen, theme, panels, words, { lit, chosen }) {
  const [first, ...others] = panels;
  const { width } = stage;
  const options = { height: TALLEST, largest: LARGEST_CELL };
  first.measure(pen, theme, { ...options, width });
  const aside = first.gutter + first.margin;
  const each = (width - aside - GAP * others.length - 2) / panels.length;
  let size = first.measure(pen, theme, { ...options, width: each + aside });
  first.place(0, 0);
  let x = Math.max(size.width, aside + TITLE_ROOM) + GAP;
  for (const panel of others) {
    const alike = { width: each, withRows: false, cell: first.cell };
    size = panel.measure(pen, theme, { ...options, ...alike });
    panel.place(x, 0);
    x += Math.max(size.width, TITLE_ROOM) + GAP;
  }
  const height = first.head + first.body.height + 8 + LEGEND;
  pen.ground(stage.open(height), height);
  for (const panel of panels) panel.draw(pen, theme, { lit, chosen });
  const masked = panels.some((panel) => panel.masked) ? words.masked : "";
  const overflowed = panels.some((panel) => panel.lost) ? words.overflowed : "";
  panels.forEach((panel, n) => {
    if (n > 0 && panel.scale === panels[n - 1].scale) return;
    const next = panels.slice(n).find((other) => other.scale !== panel.scale);
    const room = (next ? next.box.x : width) - panel.box.x - 12;
    drawLegend(pen, theme, panel.scale, panel.box.x, height - LEGEND, room, {
      title: panel.scale.signed ? words.weight_difference : words.weight,
      masked: n === 0 ? masked : "",
      overflowed: n === 0 ? overflowed : "",
    });
  });
}

// The frame that is being dragged open on one panel, on all of them.
export function drawBox(pen, theme, panels, [from, start, end]) {
  const { context } = pen;
  context.strokeStyle = theme.text;
  context.setLineDash([4, 3]);
  context.lineWidth = 1;
  for (const panel of panels) {
    const shift = panel.box.x - from.box.x;
    context.strokeRect(start[0] + shift, start[1], end[0] - start[0], end[1] - start[1]);
  }
  context.setLineDash([]);
}
