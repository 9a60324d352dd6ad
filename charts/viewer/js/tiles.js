// One head of a long text: its matrix pooled, and over it a tile of the part that is looked at, for
// which the server is asked when that part has kept still for a moment.

import { decode, inflate } from "./codec.js";
import { roundUp, Scale } from "./colour.js";
import { inBoth, sidesOf } from "./comparison.js";
import { Focus } from "./focus.js";
import { Panel, Window } from "./panel.js";
import { fill } from "./text.js";

const QUIET = 150; // ms
const CLOSE = 128; // cells a side that a click on a pooled picture zooms in to

export class Tiles extends Focus {
  constructor(root) {
    super(root);
    this.offered = ["matrix"]; // thousands of tokens' lines would be one grey surface
  }

  update({ arrays: [packed] }) {
    const turn = (this.turn = {});
    inflate(packed.stored()).then((bytes) => {
      if (this.turn !== turn) return; // a newer one came, or the view is gone
      const { header, arrays } = decode(bytes);
      super.update({ header: { ...header, keys: header.keys ?? header.queries }, arrays });
    });
  }

  restyle() {
    if (this.header) super.restyle();
  }

  destroy() {
    this.turn = null;
    super.destroy();
  }

  get shown() {
    return this.header.head;
  }

  get hint() {
    return this.words.hint_tiles;
  }

  opening() {
    const { window: [from, to] } = this.header;
    const shown = new Window(this.header.queries.length, this.header.keys.length);
    shown.show(from, to);
    this.asked = JSON.stringify([from, to]);
    return shown;
  }

  // The cells that are at least partly shown: from, and up to and without.
  get seen() {
    return [this.window.from.map(Math.floor), this.window.to.map(Math.ceil)];
  }

  event(did) {
    const { head, cell } = super.event(did);
    return { did, head, cell, window: this.seen };
  }

  draw() {
    super.draw();
    if (!this.header) return;
    this.stage.canvas.style.touchAction = this.window.zoomed ? "none" : "pan-y";
    const seen = JSON.stringify(this.seen);
    if (seen === this.asked) return;
    this.asked = seen;
    if (!this.#here()) this.post("window", QUIET);
  }

  // Whether the tile has every cell that is shown.
  #here() {
    const [from, to] = this.seen;
    const tile = this.header.patches.at(-1);
    return [0, 1].every((axis) => tile.block[axis] === 1 && tile.from[axis] <= from[axis]
      && to[axis] <= tile.from[axis] + tile.shape[axis]);
  }

  // A cell that stands for many is not chosen: one comes closer first.
  choose(cell) {
    const [deep, wide] = cell ? this.panels[0].read(cell).block : [1, 1];
    if (deep * wide === 1) {
      super.choose(cell);
      return;
    }
    const { from, to } = this.window;
    const size = from.map((start, axis) => Math.min(CLOSE, to[axis] - start));
    this.window.show(
      cell.map((n, axis) => n - size[axis] / 2), cell.map((n, axis) => n + size[axis] / 2),
    );
    this.refresh();
  }

  compose() {
    const { header, arrays, theme, words } = this;
    const common = { ...sidesOf(header, theme), window: this.window };
    const scale = new Scale("weights", roundUp(header.high));
    const panels = (header.variant ? ["native", "variant"] : ["native"]).map((side) => {
      const patches = header.patches.map((patch) => this.#patch(patch, side));
      const best = arrays[header.strongest[side]].cells;
      return new Panel({
        ...common, side, scale, patches,
        title: header.variant ? words[side] : fill(words.head_number, { head: header.head }),
        masked: patches.some(({ masked }) => masked),
        strongest: (i) => ({
          key: best[i], value: best[header.queries.length + i], uncertainty: 0,
        }),
      });
    });
    if (!header.variant) return panels;
    const patches = header.patches.map((patch, n) =>
      this.#difference(patch, ...panels.map((panel) => panel.patches[n])));
    const difference = new Panel({
      ...common, patches,
      side: "difference",
      title: words.difference,
      parts: panels,
      masked: patches.some(({ masked }) => masked),
      scale: new Scale("difference", roundUp(header.largest_difference)),
    });
    return [...panels, difference];
  }

  #patch(patch, side) {
    const { arrays } = this;
    const array = arrays[patch.cells[side]];
    const masked = side in patch.masks ? arrays[patch.masks[side]].cells : null;
    return { ...patch, cells: array.cells, source: [array], masked };
  }

  // Of two exact parts the difference is made here; of two pooled ones it cannot be.
  #difference(patch, native, variant) {
    const masked = inBoth(native.masked, variant.masked);
    if (patch.difference !== null) {
      const array = this.arrays[patch.difference];
      return { ...patch, cells: array.cells, source: [array], masked };
    }
    const cells = variant.cells.map((weight, n) => weight - native.cells[n]);
    const sources = [...native.source, ...variant.source];
    return { ...patch, cells, masked, source: sources, parts: [native.cells, variant.cells] };
  }
}
