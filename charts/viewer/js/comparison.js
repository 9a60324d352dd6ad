// The panels of one head: native, variant, difference; all from what the payload brought.

import { largest, roundUp, Scale } from "./colour.js";
import { Panel } from "./panel.js";
import { fill } from "./text.js";

// No key after its query.
function causal(size) {
  const masked = new Uint8Array(size * size);
  for (let i = 0; i < size; i++) masked.fill(1, i * size + i + 1, (i + 1) * size);
  return masked;
}

function maskOf(side, head, header, arrays) {
  const mask = header.masks[side];
  if (mask === null) return null;
  if (mask === "causal") return causal(header.queries.length);
  return arrays[typeof mask === "number" ? mask : mask[head]].cells;
}

// What is masked on both sides: there a difference has no meaning.
export const inBoth = (a, b) => (a && b ? a.map((gone, n) => gone & b[n]) : null);

// The tokens along the sides of a head's panels.
export function sidesOf({ words, queries, keys }, theme) {
  const { palette } = theme;
  return {
    rows: {
      count: queries.length, labels: queries, name: words.queries,
      axis: words.rows_queries, thinned: words.thinned, colour: palette.queries,
    },
    columns: {
      count: keys.length, labels: keys, name: words.keys,
      axis: words.columns_keys, thinned: words.thinned, colour: palette.keys,
    },
  };
}

// Native and variant share one scale, panels share one window, so that they zoom together.
export function compare({ header, arrays }, head, theme, window) {
  const { words } = header;
  const { rows, columns } = sidesOf(header, theme);
  const sides = header.variant ? ["native", "variant"] : ["native"];
  const source = sides.map((side) => arrays[header[side][head]]);
  const high = header.high ?? roundUp(Math.max(...source.map(({ cells }) => largest(cells))));
  const scale = new Scale("weights", high);
  const panels = sides.map((side, n) => new Panel({
    rows, columns, window, side, scale,
    title: header.variant ? words[side] : fill(words.head_number, { head }),
    cells: source[n].cells,
    source: [source[n]],
    masked: maskOf(side, head, header, arrays),
  }));
  if (!header.variant) return panels;
  const [native, variant] = panels;
  const cells = variant.cells.map((weight, n) => weight - native.cells[n]);
  const masked = inBoth(native.masked, variant.masked);
  const difference = new Panel({
    rows, columns, window, cells, source, masked,
    side: "difference",
    title: words.difference,
    parts: [native, variant],
    scale: new Scale("difference", roundUp(largest(cells))),
    signs: { more: words.gained, less: words.lost },
  });
  return [...panels, difference];
}
