// One matrix on the canvas: title, axes, cells, cross-hair, marks.

import { axisName, columnRoom, drawColumnLabels, drawRowLabels, gutter } from "./axes.js";
import { font, raster } from "./colour.js";
import { beside } from "./text.js";

const TITLE = 20;
const AXIS = 16;
const GRID_FROM = 9; // cells at least this large are kept apart by a line
const CROSS_FROM = 5; // cells at least this large have room for a cross

// What part of a matrix is shown, in cells; shared by panels that zoom together.
export class Window {
  constructor(rows, columns) {
    this.full = [rows, columns];
    this.reset();
  }

  reset() {
    this.from = [0, 0];
    this.to = [...this.full];
  }

  get zoomed() {
    return this.to.some((end, axis) => end - this.from[axis] < this.full[axis]);
  }

  get middle() {
    return this.from.map((start, axis) => (start + this.to[axis]) / 2);
  }

  // Show a span of cells on one axis, kept inside the matrix and at least two cells long.
  #span(axis, from, length) {
    const whole = this.full[axis];
    const kept = Math.min(whole, Math.max(Math.min(2, whole), length));
    const start = Math.min(Math.max(0, from), whole - kept);
    this.from[axis] = start;
    this.to[axis] = start + kept;
  }

  // Grow (factor below 1) around a point given in cells.
  zoom(point, factor) {
    for (const axis of [0, 1]) {
      const length = this.to[axis] - this.from[axis];
      const place = (point[axis] - this.from[axis]) / length;
      this.#span(axis, point[axis] - place * length * factor, length * factor);
    }
  }

  show(from, to) {
    for (const axis of [0, 1]) this.#span(axis, from[axis], to[axis] - from[axis]);
  }

  // Whether anything moved.
  pan(by) {
    const before = [...this.from];
    for (const axis of [0, 1]) {
      this.#span(axis, this.from[axis] + by[axis], this.to[axis] - this.from[axis]);
    }
    return before.some((start, axis) => start !== this.from[axis]);
  }

  reveal(cell) {
    this.pan(cell.map((n, axis) => {
      if (n < this.from[axis]) return n - this.from[axis];
      return n + 1 > this.to[axis] ? n + 1 - this.to[axis] : 0;
    }));
  }
}

// A panel: { title, cells, masked, scale, rows: {count, labels, axis, thinned, colour}, columns: {…} },
// or instead of cells patches, each over those before it: { cells, masked, shape, from, block },
// where a cell stands for a block of the matrix. measure() gives the panel a place; draw() paints it.
export class Panel {
  constructor(content) {
    Object.assign(this, content);
    const { rows, columns, cells, masked, source, parts } = content;
    this.window = content.window ?? new Window(rows.count, columns.count);
    this.patches = content.patches ?? [{
      cells, masked, source,
      parts: parts?.map((part) => part.cells),
      shape: [rows.count, columns.count], from: [0, 0], block: [1, 1],
    }];
    this.pictures = [];
    this.pictured = null;
    // whether any cell overflowed that is not masked
    this.lost = this.patches.some((patch) =>
      patch.cells.some((value, n) => !Number.isFinite(value) && !patch.masked?.[n]));
  }

  // What is drawn at a cell: its value, how far that may be from the model's own, whether it is
  // masked, and how many cells it stands for.
  read(cell) {
    const place = ({ from, block }, axis) => Math.floor((cell[axis] - from[axis]) / block[axis]);
    const patch = this.patches.findLast((one) => [0, 1].every((axis) =>
      cell[axis] >= one.from[axis] && place(one, axis) < one.shape[axis]));
    const { cells, masked, source, parts, block, shape } = patch;
    const at = place(patch, 0) * shape[1] + place(patch, 1);
    const uncertainty = (source ?? []).reduce(
      (sum, array, n) => sum + array.uncertainty((parts?.[n] ?? cells)[at]), 0,
    );
    return { value: cells[at], uncertainty, masked: Boolean(masked?.[at]), block };
  }

  // The strongest key of a query, and its weight.
  strongest(i) {
    const { cells, columns } = this;
    const row = cells.subarray(i * columns.count, (i + 1) * columns.count);
    const j = row.reduce((best, weight, n) => (weight > row[best] ? n : best), 0);
    return { key: j, value: row[j], uncertainty: this.source[0].uncertainty(row[j]) };
  }

  // Choose the size of a cell for the room there is; returns the size of the whole panel.
  measure(pen, theme, { width, height, largest, withRows = true, cell = null }) {
    const { rows, columns } = this;
    this.withRows = withRows;
    const most = Math.min(96, width * 0.26);
    this.gutter = withRows ? gutter(rows.labels, pen.fitter, theme, most) : 0;
    this.margin = withRows && rows.axis ? AXIS : 0;
    const room = width - this.gutter - this.margin;
    let [across, down] = cell ?? [0, 0];
    if (!cell) {
      across = Math.min(largest, room / columns.count);
      // Few rows stay tall enough to be seen and touched; many are kept to the height.
      down = Math.min(Math.max(across, Math.min(18, 140 / rows.count)), height / rows.count);
      if (rows.count === columns.count) across = down = Math.min(across, down);
      // Whole screen pixels keep cells alike, where that costs little room.
      const crisp = (side) => {
        const whole = Math.floor(side * pen.ratio) / pen.ratio;
        return whole > 0.88 * side ? whole : side;
      };
      across = crisp(across);
      down = crisp(down);
    }
    this.cell = [across, down];
    this.columnRoom = columnRoom(columns.labels, across, pen.fitter, theme, 72);
    this.head = TITLE + (columns.axis ? AXIS : 0) + this.columnRoom.height;
    this.body = { width: across * columns.count, height: down * rows.count };
    return {
      width: this.margin + this.gutter + this.body.width,
      height: this.head + this.body.height,
    };
  }

  place(x, y) {
    this.corner = [x, y];
    this.box = {
      x: x + this.margin + this.gutter,
      y: y + this.head,
      ...this.body,
      from: this.window.from,
      to: this.window.to,
    };
  }

  // The cell under a point, or null.
  hit([px, py]) {
    const { x, y, width, height, from, to } = this.box;
    if (px < x || py < y || px >= x + width || py >= y + height) return null;
    return this.at([px, py]).map((place, axis) =>
      Math.min(Math.floor(place), Math.ceil(to[axis]) - 1, this.window.full[axis] - 1));
  }

  // A point in cells, whole or not.
  at([px, py]) {
    const { x, y, width, height, from, to } = this.box;
    return [
      from[0] + ((py - y) / height) * (to[0] - from[0]),
      from[1] + ((px - x) / width) * (to[1] - from[1]),
    ];
  }

  #rectangle([i, j]) {
    const { x, y, width, height, from, to } = this.box;
    const down = height / (to[0] - from[0]);
    const across = width / (to[1] - from[1]);
    return [x + (j - from[1]) * across, y + (i - from[0]) * down, across, down];
  }

  draw(pen, theme, { lit = null, chosen = null }) {
    const { context } = pen;
    const { box } = this;
    box.from = this.window.from;
    box.to = this.window.to;
    this.#drawHead(pen, theme);
    if (this.rows.labels && this.withRows) {
      drawRowLabels(pen, theme, this, box, lit ? lit[0] : null);
    }
    if (this.columns.labels) drawColumnLabels(pen, theme, this, box, lit ? lit[1] : null);
    this.#drawCells(pen, theme);
    context.save();
    context.beginPath();
    context.rect(box.x - 1.5, box.y - 1.5, box.width + 3, box.height + 3);
    context.clip();
    if (lit) this.#drawCross(context, theme, lit);
    if (chosen) this.#drawMark(context, theme, chosen);
    context.restore();
  }

  #drawHead(pen, theme) {
    const { context, fitter } = pen;
    const { box } = this;
    const room = Math.max(box.width, 90);
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    context.fillStyle = theme.text;
    context.font = font(theme, 13, 600);
    const title = fitter.fit(this.title, font(theme, 13, 600), room);
    context.fillText(title, box.x, this.corner[1] + 13);
    context.font = font(theme, 11, 600);
    if (this.columns.axis) {
      context.fillStyle = this.columns.colour;
      const name = axisName(this.columns, box.width / (box.to[1] - box.from[1]));
      const text = fitter.fit(name, font(theme, 11, 600), room);
      context.fillText(text, box.x, this.corner[1] + TITLE + 10);
    }
    if (this.rows.axis && this.withRows) {
      context.fillStyle = this.rows.colour;
      const name = axisName(this.rows, box.height / (box.to[0] - box.from[0]));
      const text = fitter.fit(name, font(theme, 11, 600), box.height + 30);
      beside(context, text, this.corner[0] + 10, box.y, 11);
    }
  }

  #drawCells(pen, theme) {
    const { context } = pen;
    const { x, y, width, height, from, to } = this.box;
    if (this.pictured !== theme) {
      this.pictured = theme;
      this.pictures = this.patches.map((patch) => raster(patch, this.scale, theme));
    }
    const across = width / (to[1] - from[1]);
    const down = height / (to[0] - from[0]);
    this.patches.forEach((patch, n) => {
      const [deep, wide] = patch.block;
      // the part of the patch that is in the window, in cells of the matrix
      const start = patch.from.map((first, axis) => Math.max(first, from[axis]));
      const end = patch.shape.map((count, axis) =>
        Math.min(patch.from[axis] + count * patch.block[axis], to[axis]));
      const size = end.map((last, axis) => last - start[axis]);
      if (Math.min(...size) <= 0) return;
      const place = [
        x + (start[1] - from[1]) * across, y + (start[0] - from[0]) * down,
        size[1] * across, size[0] * down,
      ];
      if (patch.masked) {
        context.fillStyle = pen.hatch;
        context.fillRect(...place);
      }
      // Smaller than a screen pixel: averaging shows what dropping rows would hide.
      context.imageSmoothingEnabled = Math.min(across * wide, down * deep) * pen.ratio < 1;
      context.drawImage(
        this.pictures[n],
        (start[1] - patch.from[1]) / wide, (start[0] - patch.from[0]) / deep,
        size[1] / wide, size[0] / deep, ...place,
      );
    });
    if (this.lost && Math.min(across, down) >= CROSS_FROM) this.#drawCrosses(pen);
    if (Math.min(across, down) >= GRID_FROM) {
      context.strokeStyle = theme.line;
      context.globalAlpha = 0.55;
      context.lineWidth = 1 / pen.ratio;
      context.beginPath();
      for (let j = Math.ceil(from[1]); j <= to[1]; j++) {
        const at = x + (j - from[1]) * across;
        context.moveTo(at, y);
        context.lineTo(at, y + height);
      }
      for (let i = Math.ceil(from[0]); i <= to[0]; i++) {
        const at = y + (i - from[0]) * down;
        context.moveTo(x, at);
        context.lineTo(x + width, at);
      }
      context.stroke();
      context.globalAlpha = 1;
    }
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
  }

  // On each cell in sight that overflowed.
  #drawCrosses(pen) {
    const { context } = pen;
    const { from, to } = this.box;
    context.save();
    context.beginPath();
    context.rect(this.box.x, this.box.y, this.box.width, this.box.height);
    context.clip();
    for (let i = Math.floor(from[0]); i < to[0]; i++) {
      for (let j = Math.floor(from[1]); j < to[1]; j++) {
        const { value, masked } = this.read([i, j]);
        if (!masked && !Number.isFinite(value)) pen.cross(...this.#rectangle([i, j]));
      }
    }
    context.restore();
  }

  #drawCross(context, theme, cell) {
    const { x, y, width, height } = this.box;
    const [left, top, across, down] = this.#rectangle(cell);
    context.strokeStyle = theme.text;
    context.lineWidth = 1;
    context.globalAlpha = 0.45;
    // Around cells large enough to see, else through their middle.
    if (down >= 4) context.strokeRect(x, top, width, down);
    else context.strokeRect(x, top + down / 2, width, 0);
    if (across >= 4) context.strokeRect(left, y, across, height);
    else context.strokeRect(left + across / 2, y, 0, height);
    context.globalAlpha = 1;
    context.lineWidth = 1.5;
    if (Math.min(across, down) >= 4) context.strokeRect(left, top, across, down);
  }

  // The chosen cell: a ring that shows on light and dark cells, large enough to be found.
  #drawMark(context, theme, cell) {
    const [left, top, across, down] = this.#rectangle(cell);
    const grow = [across, down].map((side) => Math.max(1, (7 - side) / 2));
    const ring = [left - grow[0], top - grow[1], across + 2 * grow[0], down + 2 * grow[1]];
    context.strokeStyle = theme.background;
    context.lineWidth = 4;
    context.strokeRect(...ring);
    context.strokeStyle = theme.text;
    context.lineWidth = 2;
    context.strokeRect(...ring);
  }
}
