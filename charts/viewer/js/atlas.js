// Every head of every layer as a thumbnail: where to look, and which heads are switched off.

import { Agreed, Mailbox } from "./agreed.js";
import { font, largest, raster, readTheme, roundUp, Scale } from "./colour.js";
import { drawLegend, LEGEND } from "./legend.js";
import { Pen } from "./pen.js";
import { Choice, isShortcut, Stage } from "./stage.js";
import { beside, fill, number } from "./text.js";

const HEAD = 34; // name of the heads and their numbers
const SIDE = 40; // name of the layers and their numbers
const BLOCK_GAP = 26;
const LARGEST = 72;
const TALLEST = 560;
const TALL = 12; // layers that still stand in one block
const MODES = ["select", "ablate", "isolate"];
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const same = (a, b) => a !== null && b !== null && a[0] === b[0] && a[1] === b[1];

// Where each thumbnail goes. Many layers are cut into blocks side by side, unless that makes the
// thumbnails much smaller.
export function arrange(layers, heads, width) {
  const gap = width < 500 ? 3 : 4;
  const least = width < 500 ? 30 : 24;
  let best = null;
  for (let blocks = 1; blocks === 1 || layers / (blocks - 1) > TALL; blocks++) {
    const rows = Math.ceil(layers / blocks);
    const across = (width - BLOCK_GAP * (blocks - 1)) / blocks - SIDE;
    const tall = Math.max(least, (TALLEST - HEAD) / rows - gap);
    const thumb = Math.max(4, Math.floor(Math.min(LARGEST, tall, across / heads - gap)));
    if (!best || thumb > 0.85 * best.thumb) best = { blocks, rows, thumb };
  }
  const { blocks, rows, thumb } = best;
  const step = thumb + gap;
  const blockWidth = SIDE + heads * step + BLOCK_GAP;
  const place = ([layer, head]) => [
    Math.floor(layer / rows) * blockWidth + SIDE + head * step,
    HEAD + (layer % rows) * step,
  ];
  const hit = ([x, y]) => {
    const block = Math.floor(x / blockWidth);
    const head = Math.floor((x - block * blockWidth - SIDE) / step);
    const row = Math.floor((y - HEAD) / step);
    const layer = block * rows + row;
    const inside = block >= 0 && block < blocks && head >= 0 && head < heads
      && row >= 0 && row < rows && layer < layers;
    return inside ? [layer, head] : null;
  };
  return { blocks, rows, thumb, step, blockWidth, place, hit, height: HEAD + rows * step };
}

export class Atlas {
  constructor(root) {
    this.stage = new Stage(root);
    this.stage.draw = () => this.draw();
    this.pen = new Pen(this.stage);
    this.mail = new Mailbox((event) => this.send(event));
    this.mode = "select";
    this.hovered = null;
    this.#listen();
  }

  update({ header, arrays }) {
    if (!this.header) this.#furnish();
    this.header = header;
    this.arrays = arrays;
    // Another model: what was chosen in the last one means nothing here.
    const grid = arrays[header.native].shape.slice(0, 2).join();
    const other = grid !== this.grid;
    this.grid = grid;
    if (other) this.hovered = null;
    for (const name of ["selected", "ablated"]) {
      if (other) this[name] = new Agreed(header[name]);
      else this[name].hear(header[name]);
    }
    this.restyle();
  }

  restyle() {
    this.theme = readTheme(this.stage.element, this.header.colours);
    this.pen.use(this.theme);
    this.#build();
    this.#refresh();
  }

  destroy() {
    this.mail.close();
    this.stage.destroy();
  }

  #furnish() {
    this.modes = new Choice("", (mode) => {
      this.mode = mode;
      this.#refresh();
    });
    this.stage.toolbar.append(this.modes.element);
  }

  // One picture per head, and the value that its tooltip gives.
  #build() {
    const { header, arrays, theme } = this;
    const [layers, heads, rows, columns] = arrays[header.native].shape;
    this.size = [layers, heads];
    const size = rows * columns;
    const native = arrays[header.native].cells;
    const variant = header.variant === null ? null : arrays[header.variant].cells;
    let cells = header.show === "variant" && variant ? variant : native;
    this.scale = new Scale("weights", 1);
    if (header.show === "difference" && variant) {
      cells = variant.map((weight, n) => weight - native[n]);
      this.scale = new Scale("difference", roundUp(largest(cells)));
    }
    this.thumbs = [];
    this.values = header.values;
    const peaks = [];
    for (let n = 0; n < layers * heads; n++) {
      const own = cells.subarray(n * size, (n + 1) * size);
      this.thumbs.push(raster({ cells: own, shape: [rows, columns] }, this.scale, theme));
      const lost = own.some((value) => !Number.isFinite(value));
      peaks.push(lost ? NaN : own.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0));
    }
    this.lost = cells.some((value) => !Number.isFinite(value));
    this.values ??= peaks;
  }

  #refresh() {
    const { words } = this.header;
    this.modes.set(
      MODES.map((value) => ({ value, text: words[value], title: words[`${value}_title`] })),
      this.mode, words.mode,
    );
    const [layers, heads] = this.size;
    this.stage.describe(
      words, fill(words.atlas_name, { layers, heads }), fill(words.atlas_summary, { layers, heads }),
      "attention-atlas.png",
    );
    this.stage.redrawNow();
    this.#tell();
  }

  #tell(spoken = false) {
    const { words } = this.header;
    const at = this.hovered ?? this.selected.value;
    if (!at) {
      this.stage.tell([[words.atlas_hint, "hint"]]);
      return;
    }
    const [layer, head] = at;
    const pieces = [[fill(words.layer_head, { layer, head }), "place"]];
    const value = this.values[layer * this.size[1] + head];
    if (value !== null) {
      const name = this.header.values ? words.value
        : words[this.header.show === "difference" ? "largest_difference" : "largest_weight"];
      const text = this.header.values
        ? number(value, { words }) : number(value, { words, uncertainty: 2e-3, signed: this.scale.signed });
      pieces.push([name, "name"], [text, "value"]);
    }
    if (this.#isAblated(at)) pieces.push([words.ablated, "off"]);
    this.stage.tell(pieces, spoken);
  }

  #isAblated(at) {
    return this.ablated.value.some((head) => same(head, at));
  }

  draw() {
    if (!this.header) return;
    const { pen, theme, header, stage } = this;
    const { words } = header;
    const [layers, heads] = this.size;
    this.plan = arrange(layers, heads, stage.width - 4);
    const { blocks, rows, thumb, blockWidth, step } = this.plan;
    const height = this.plan.height + 12 + LEGEND;
    pen.ground(stage.open(height), height);
    const { context } = pen;
    for (let block = 0; block < blocks; block++) {
      const left = block * blockWidth;
      const count = Math.min(rows, layers - block * rows);
      context.font = font(theme, 11, 600);
      context.fillStyle = theme.muted;
      context.textAlign = "left";
      context.textBaseline = "alphabetic";
      context.fillText(words.heads, left + SIDE, 11);
      beside(context, words.layers, left + 11, HEAD, 11);
      context.font = font(theme, 11);
      context.fillStyle = theme.text;
      context.textAlign = "center";
      for (let head = 0; head < heads; head++) {
        const lit = this.hovered?.[1] === head;
        context.font = font(theme, 11, lit ? 700 : 400);
        context.fillText(String(head), left + SIDE + head * step + thumb / 2, HEAD - 6);
      }
      context.textAlign = "right";
      context.textBaseline = "middle";
      for (let row = 0; row < count; row++) {
        const lit = this.hovered?.[0] === block * rows + row;
        context.font = font(theme, 11, lit ? 700 : 400);
        const middle = HEAD + row * step + thumb / 2;
        context.fillText(String(block * rows + row), left + SIDE - 7, middle);
      }
    }
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) this.#drawThumb([layer, head]);
    }
    const title = header.show === "difference" ? words.weight_difference : words.weight;
    drawLegend(pen, theme, this.scale, SIDE, height - LEGEND, stage.width - SIDE - 4, {
      title, overflowed: this.lost ? words.overflowed : "",
    });
  }

  #drawThumb(at) {
    const { context } = this.pen;
    const { theme } = this;
    const { thumb } = this.plan;
    const [x, y] = this.plan.place(at);
    const picture = this.thumbs[at[0] * this.size[1] + at[1]];
    context.imageSmoothingEnabled = picture.width > thumb * this.pen.ratio;
    const off = this.#isAblated(at);
    if (off) {
      context.fillStyle = this.pen.hatch;
      context.fillRect(x, y, thumb, thumb);
      context.globalAlpha = 0.25;
    }
    context.drawImage(picture, x, y, thumb, thumb);
    context.globalAlpha = 1;
    const frame = (grow, colour, width) => {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.strokeRect(x - grow, y - grow, thumb + 2 * grow, thumb + 2 * grow);
    };
    frame(0.5, theme.line, 1);
    if (off) {
      const inset = thumb * 0.22;
      context.strokeStyle = theme.text;
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(x + inset, y + inset);
      context.lineTo(x + thumb - inset, y + thumb - inset);
      context.moveTo(x + thumb - inset, y + inset);
      context.lineTo(x + inset, y + thumb - inset);
      context.stroke();
    }
    if (same(this.hovered, at)) frame(1, theme.muted, 1.5);
    if (same(this.selected.value, at)) frame(1, theme.text, 2.5);
  }

  #act(at) {
    if (!at) return;
    const { ablated } = this;
    const [layer, head] = at;
    const others = ablated.value.filter((off) => !same(off, at));
    if (this.mode === "select") {
      this.selected.set(at);
    } else if (this.mode === "ablate") {
      const off = this.#isAblated(at) ? others : [...others, at];
      ablated.set(off.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
    } else {
      const elsewhere = ablated.value.filter(([l]) => l !== layer);
      const rest = Array.from({ length: this.size[1] }, (_, h) => [layer, h])
        .filter(([, h]) => h !== head);
      const alone = !this.#isAblated(at) && rest.every((off) => this.#isAblated(off));
      const off = alone ? elsewhere : [...elsewhere, ...rest];
      ablated.set(off.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
    }
    this.mail.post(() => ({
      did: this.mode, selected: this.selected.value, ablated: ablated.value,
    }));
    this.#refresh();
  }

  #listen() {
    const { stage } = this;
    const on = (event, handler) => stage.listen(stage.canvas, event, handler);
    const look = (at) => {
      if (this.hovered === at || same(this.hovered, at)) return;
      this.hovered = at;
      stage.redraw();
      this.#tell();
    };
    on("pointermove", (event) => this.plan && look(this.plan.hit(stage.point(event))));
    on("pointerleave", () => this.header && look(null));
    on("blur", () => this.header && look(null));
    on("click", (event) => this.#act(this.plan.hit(stage.point(event))));
    on("keydown", (event) => {
      const { key } = event;
      if (isShortcut(event)) return;
      if (key in ARROWS) {
        const from = this.hovered ?? this.selected.value;
        look(from
          ? from.map((n, axis) => Math.min(Math.max(n + ARROWS[key][axis], 0), this.size[axis] - 1))
          : [0, 0]);
      } else if (key === "Enter" || key === " ") {
        this.#act(this.hovered ?? this.selected.value);
      } else {
        return;
      }
      event.preventDefault();
      this.#tell(true);
    });
  }
}
