// A row of matrices of any sizes, each with its own scale: queries, keys, scores, values, …

import { Agreed, Mailbox } from "./agreed.js";
import { largest, readTheme, roundUp, Scale } from "./colour.js";
import { drawLegend, LEGEND } from "./legend.js";
import { Panel, Window } from "./panel.js";
import { Pen } from "./pen.js";
import { Pointer } from "./pointer.js";
import { isShortcut, Stage } from "./stage.js";
import { number, visible } from "./text.js";

const GAP = 30;
const COLUMN = 380; // about as wide as a panel should be
const NARROWEST = 230; // width of a panel where a page asks for several across
const TALLEST = 420;
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Matrices {
  constructor(root) {
    this.stage = new Stage(root);
    this.stage.draw = () => this.draw();
    this.pen = new Pen(this.stage);
    this.mail = new Mailbox((event) => this.send(event));
    this.hovered = null; // { panel, cell }, the panel as a number
    this.#listen();
  }

  update({ header, arrays }) {
    this.header = header;
    this.arrays = arrays;
    this.selected?.hear(header.selected);
    const shapes = JSON.stringify(header.panels.map(({ cells }) => arrays[cells].shape));
    if (shapes !== this.shapes) {
      this.shapes = shapes;
      this.selected = new Agreed(header.selected);
      this.hovered = null;
      this.windows = new Map();
    }
    this.restyle();
  }

  restyle() {
    const { header } = this;
    this.theme = readTheme(this.stage.element, header.colours);
    this.pen.use(this.theme);
    this.panels = header.panels.map((panel) => this.#panel(panel));
    const { rows, columns } = header.panels[0];
    const sides = [rows.axis, columns.axis].filter(Boolean).join(" × ");
    const titles = header.panels.map(({ title }) => title).join(", ");
    // two pictures may compare the same cases by different quantities
    this.stage.describe(header.words, `${titles} (${sides})`, titles, "matrices.png");
    this.#refresh();
  }

  destroy() {
    this.mail.close();
    this.stage.destroy();
  }

  #panel(described) {
    const { kind, low, high, rows, columns, title } = described;
    const array = this.arrays[described.cells];
    const [down, across] = array.shape;
    const shape = `${down} ${across}`;
    // Panels of one shape zoom and light up together.
    if (!this.windows.has(shape)) this.windows.set(shape, new Window(down, across));
    const given = [low, high].filter((end) => end !== null).map(Math.abs);
    const side = (axis, count) => ({
      ...axis,
      count,
      thinned: this.header.words.thinned,
      colour: this.theme.palette[axis.colour] ?? this.theme.muted,
    });
    return new Panel({
      title,
      array,
      cells: array.cells,
      masked: described.masked === null ? null : this.arrays[described.masked].cells,
      rows: side(rows, down),
      columns: side(columns, across),
      scale: new Scale(kind, given.length ? Math.max(...given) || 1 : roundUp(largest(array.cells))),
      window: this.windows.get(shape),
    });
  }

  #refresh() {
    this.stage.redrawNow();
    this.#tell();
  }

  draw() {
    if (!this.header) return;
    const { pen, theme, panels, stage } = this;
    const room = stage.width - 2;
    const { across } = this.header;
    const columns = across && room / across >= NARROWEST
      ? across : Math.max(1, Math.round(room / COLUMN));
    const each = (room - GAP * (columns - 1)) / columns;
    let [x, y] = [0, 0];
    let line = [];
    // The panels of a line start their cells at one height.
    const settle = () => {
      const head = Math.max(...line.map(([panel]) => panel.head));
      for (const [panel, left] of line) {
        panel.head = head;
        panel.place(left, y);
      }
      y += head + Math.max(...line.map(([panel]) => panel.body.height)) + 10 + LEGEND;
      [x, line] = [0, []];
    };
    for (const panel of panels) {
      const size = panel.measure(pen, theme, {
        width: each, height: TALLEST, largest: this.header.largest,
      });
      const width = Math.max(size.width, panel.margin + panel.gutter + 110);
      if (x > 0 && x + width > room) settle();
      line.push([panel, x]);
      x += width + GAP;
    }
    settle();
    pen.ground(stage.open(y), y);
    panels.forEach((panel, n) => {
      const lit = this.hovered && this.#alike(this.hovered.panel, n) ? this.hovered.cell : null;
      const chosen = this.selected.value?.panel === n ? this.selected.value.cell : null;
      panel.draw(pen, theme, { lit, chosen });
      const { box } = panel;
      drawLegend(pen, theme, panel.scale, box.x, box.y + box.height + 8, Math.max(box.width, 110), {
        // what the title of a panel of signed numbers names itself
        title: panel.scale.signed ? "" : this.header.words.weight,
        masked: panel.masked ? this.header.words.masked : "",
        overflowed: panel.lost ? this.header.words.overflowed : "",
      });
    });
  }

  #alike(a, b) {
    return this.panels[a].window === this.panels[b].window;
  }

  #tell(spoken = false) {
    const { words } = this.header;
    const at = this.hovered ?? this.selected.value;
    if (!at) {
      this.stage.tell([[words.hint_matrices, "hint"]]);
      return;
    }
    const [i, j] = at.cell;
    const name = (axis, n) => (axis.labels ? visible(axis.labels[n]).slice(0, 40) : String(n));
    const style = { queries: "query", keys: "key", values: "of-value" };
    const own = this.panels[at.panel];
    const pieces = [
      [name(own.rows, i), style[this.header.panels[at.panel].rows.colour] ?? "plain"],
      ["→", "arrow"],
      [name(own.columns, j), style[this.header.panels[at.panel].columns.colour] ?? "plain"],
    ];
    this.panels.forEach((panel, n) => {
      if (!this.#alike(at.panel, n)) return;
      const place = i * panel.columns.count + j;
      const value = panel.cells[place];
      const text = panel.masked?.[place]
        ? words.masked : number(value, { words, uncertainty: panel.array.uncertainty(value) });
      pieces.push([panel.title, "name"], [text, "value"]);
    });
    this.stage.tell(pieces, spoken);
  }

  #choose(at) {
    this.selected.set(at);
    this.mail.post(() => this.selected.value ?? { panel: null, cell: null });
    this.#refresh();
  }

  #listen() {
    const { stage } = this;
    const at = (panel, cell) => ({ panel: this.panels.indexOf(panel), cell });
    new Pointer(stage, () => this.panels ?? [], {
      hover: (panel, cell) => {
        this.hovered = at(panel, cell);
        this.#refresh();
      },
      leave: () => {
        if (!this.hovered) return;
        this.hovered = null;
        this.#refresh();
      },
      choose: (panel, cell) => this.#choose(at(panel, cell)),
      box: () => this.#refresh(),
    });
    stage.listen(stage.canvas, "blur", () => {
      this.hovered = null;
      this.#refresh();
    });
    stage.listen(stage.canvas, "keydown", (event) => this.#key(event));
  }

  #key(event) {
    const { key } = event;
    if (isShortcut(event)) return;
    const now = this.hovered ?? this.selected.value ?? { panel: 0, cell: [0, 0] };
    const turn = { "[": -1, "]": 1 }[key];
    if (key in ARROWS) {
      const { full } = this.panels[now.panel].window;
      const cell = now.cell.map((n, axis) =>
        Math.min(Math.max(n + ARROWS[key][axis], 0), full[axis] - 1));
      this.hovered = { panel: now.panel, cell };
      this.panels[now.panel].window.reveal(cell);
    } else if (turn) {
      const panel = (now.panel + turn + this.panels.length) % this.panels.length;
      const { full } = this.panels[panel].window;
      this.hovered = { panel, cell: now.cell.map((n, axis) => Math.min(n, full[axis] - 1)) };
    } else if (key === "Enter" || key === " ") {
      this.#choose(now);
    } else if (key === "Escape") {
      this.#choose(null);
    } else {
      return;
    }
    event.preventDefault();
    this.stage.redrawNow();
    this.#tell(true);
  }
}
