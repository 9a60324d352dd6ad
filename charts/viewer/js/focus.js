// One head: native, variant and their difference, as matrices or as lines.

import { Agreed, Mailbox } from "./agreed.js";
import { readTheme } from "./colour.js";
import { compare } from "./comparison.js";
import { Lines, partners } from "./lines.js";
import { Window } from "./panel.js";
import { Pen } from "./pen.js";
import { Pointer } from "./pointer.js";
import { drawBox, drawRow } from "./row.js";
import { Choice, isShortcut, Slider, Stage } from "./stage.js";
import { Table } from "./table.js";
import { fill, number, visible } from "./text.js";

const NARROW = 600; // one panel at a time, behind buttons
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Focus {
  constructor(root) {
    this.stage = new Stage(root);
    this.stage.draw = () => this.draw();
    this.pen = new Pen(this.stage);
    this.lines = new Lines(this.stage);
    this.mail = new Mailbox((event) => this.send(event));
    this.hovered = null;
    this.tab = "native";
    this.offered = ["matrix", "lines"];
    this.boxed = null;
    this.built = null;
    this.#listen();
  }

  // ---- what arrives -------------------------------------------------------------------------

  update({ header, arrays }) {
    const fresh = !this.header;
    const shape = (h) => JSON.stringify([h.queries, h.keys]);
    const other = fresh || shape(header) !== shape(this.header);
    this.header = header;
    this.arrays = arrays;
    this.words = header.words;
    for (const name of ["head", "cell", "view", "threshold"]) {
      if (fresh) this[name] = new Agreed(header[name]);
      else this[name].hear(header[name]);
    }
    if (!header.heads.includes(this.head.value)) this.head = new Agreed(header.head);
    if (other) {
      this.cell = new Agreed(header.cell);
      this.window = this.opening();
      this.hovered = null;
      this.lines.pinned = null;
    }
    this.built = null;
    if (fresh) this.#furnish();
    this.restyle();
  }

  // The part of the matrix that is shown first.
  opening() {
    return new Window(this.header.queries.length, this.header.keys.length);
  }

  restyle() {
    this.theme = readTheme(this.stage.element, this.header.colours);
    this.pen.use(this.theme);
    this.built = null;
    this.refresh();
  }

  destroy() {
    this.mail.close();
    this.stage.destroy();
  }

  // ---- what leaves --------------------------------------------------------------------------

  event(did) {
    return {
      did,
      head: this.head.value,
      cell: this.cell.value,
      view: this.view.value,
      threshold: this.threshold.value,
    };
  }

  post(did, quiet = 0) {
    this.mail.post(() => this.event(did), quiet);
  }

  #switchHead(head) {
    if (head === this.head.value || !this.header.heads.includes(head)) return;
    this.head.set(head);
    this.post("head", 120);
    this.refresh();
  }

  choose(cell) {
    if (JSON.stringify(cell) === JSON.stringify(this.cell.value)) return;
    this.cell.set(cell);
    this.post("cell");
    this.refresh();
  }

  // ---- furniture ----------------------------------------------------------------------------

  #furnish() {
    const { words } = this;
    this.views = new Choice(words.view, (view) => {
      this.view.set(view);
      this.stage.scroller.scrollTop = 0;
      this.post("view");
      this.refresh();
    });
    this.strip = new Choice(words.head, (head) => this.#switchHead(head));
    this.strip.element.classList.add("heads");
    this.tabs = new Choice(words.picture, (tab) => {
      this.tab = tab;
      this.refresh();
    });
    this.slider = new Slider(this.stage, (share) => {
      this.threshold.set(share);
      this.post("threshold", 300);
      this.refresh();
    });
    this.stage.toolbar.append(
      this.views.element, this.strip.element, this.slider.element, this.tabs.element,
    );
    this.table = new Table(this.stage);
  }

  #refreshToolbar() {
    const { words, header } = this;
    this.views.element.hidden = this.offered.length < 2;
    this.views.set(
      this.offered.map((value) => ({ value, text: words[value] })),
      this.view.value, words.view,
    );
    this.strip.set(
      header.heads.map((value) => ({
        value, text: String(value), title: fill(words.head_number, { head: value }),
      })),
      this.head.value, words.head,
    );
    this.strip.element.hidden = header.heads.length < 2;
    const narrow = this.stage.width <= NARROW;
    this.tabs.element.hidden = !header.variant || !narrow;
    this.tabs.set(
      ["native", "variant", "difference"].map((value) => ({ value, text: words[value] })),
      this.tab, words.picture,
    );
    this.slider.element.hidden = this.view.value !== "lines";
    this.slider.set(words.threshold, this.threshold.value);
    const said = {
      head: this.shown, queries: header.queries.length, keys: header.keys.length,
    };
    this.stage.describe(
      words, fill(words.head_number, said), fill(words.summary, said),
      `attention-head-${this.shown}.png`,
    );
  }

  // ---- the panels of a head -----------------------------------------------------------------

  // The head whose cells are here: the wanted one, or the one that the server sent while the
  // wanted one is on its way.
  get shown() {
    const { native, head } = this.header;
    return this.head.value in native ? this.head.value : head;
  }

  compose() {
    return compare(this, this.shown, this.theme, this.window);
  }

  #build() {
    if (this.built === this.shown) return;
    this.built = this.shown;
    this.lines.forget();
    this.panels = this.compose();
    this.table.show(this.panels.filter(({ parts }) => !parts), this.words);
  }

  refresh() {
    this.stage.redrawNow();
    this.#tell();
  }

  draw() {
    if (!this.header) return;
    this.#build();
    this.#refreshToolbar();
    const narrow = this.stage.width <= NARROW && this.panels.length > 1;
    this.drawn = narrow ? this.panels.filter(({ side }) => side === this.tab) : this.panels;
    if (this.view.value === "lines") {
      this.lines.draw(this.pen, this.theme, this.drawn, this.threshold.value, this.cell.value);
      return;
    }
    drawRow(this.stage, this.pen, this.theme, this.drawn, this.words, {
      lit: this.hovered, chosen: this.cell.value,
    });
    if (this.boxed) drawBox(this.pen, this.theme, this.drawn, this.boxed);
  }

  // ---- reading values -----------------------------------------------------------------------

  #tell(spoken = false) {
    const { words, header } = this;
    if (!this.built && this.built !== 0) return;
    const cell = this.hovered ?? this.cell.value;
    const token = (label, style) => [visible(label).slice(0, 40), style, label.slice(0, 400)];
    const active = this.lines.hovered ?? this.lines.pinned;
    if (this.view.value === "lines" && active) {
      const { side, n } = active;
      const style = side ? "key" : "query";
      const pieces = [token((side ? header.keys : header.queries)[n], style)];
      const wholes = this.drawn.flatMap((panel) => panel.parts ?? [panel]);
      for (const panel of new Set(wholes)) {
        pieces.push([words[panel.side], "name"], ...partners(panel, side, n, words));
      }
      this.stage.tell(pieces, spoken);
      return;
    }
    if (!cell) {
      this.stage.tell([[this.view.value === "lines" ? words.hint_lines : this.hint, "hint"]]);
      return;
    }
    const [i, j] = cell;
    const pieces = [
      token(header.queries[i], "query"), ["→", "arrow"], token(header.keys[j], "key"),
    ];
    for (const panel of this.panels) {
      const { value, uncertainty, masked } = panel.read(cell);
      const text = masked
        ? words.masked : number(value, { words, uncertainty, signed: panel.scale.signed });
      pieces.push([words[panel.side], "name"], [text, "value"]);
    }
    const [rows, columns] = this.panels[0].read(cell).block;
    if (rows * columns > 1) pieces.push([fill(words.largest_of, { rows, columns }), "off"]);
    this.stage.tell(pieces, spoken);
  }

  get hint() {
    return this.stage.width <= NARROW ? this.words.hint_narrow : this.words.hint;
  }

  // ---- mouse, touch, keys -------------------------------------------------------------------

  #listen() {
    const { stage } = this;
    const inMatrix = () => this.header && this.view.value === "matrix";
    new Pointer(stage, () => (inMatrix() ? this.drawn : []), {
      hover: (panel, cell) => {
        this.hovered = cell;
        this.refresh();
      },
      leave: () => {
        if (!this.hovered) return;
        this.hovered = null;
        this.refresh();
      },
      choose: (panel, cell) => this.choose(cell),
      box: (...ends) => {
        this.boxed = ends[0] ? ends : null;
        this.refresh();
      },
    });
    const on = (event, handler) => stage.listen(stage.canvas, event, handler);
    on("pointermove", (event) => this.#overLines(stage.point(event)));
    on("pointerleave", () => this.#overLines(null));
    on("click", (event) => this.#pin(stage.point(event)));
    on("keydown", (event) => this.#key(event));
    on("blur", () => {
      this.hovered = null;
      this.refresh();
    });
  }

  #token(point) {
    const found = point && this.lines.hit(point);
    if (!found) return null;
    const labels = found.side ? this.header.keys : this.header.queries;
    return found.n < labels.length ? found : null;
  }

  #overLines(point) {
    if (this.view.value !== "lines") return;
    const found = this.#token(point);
    if (JSON.stringify(found) === JSON.stringify(this.lines.hovered)) return;
    this.lines.hovered = found;
    this.refresh();
  }

  // A click pins a token; with a query pinned, a click on a key selects their cell.
  #pin(point) {
    if (this.view.value !== "lines") return;
    const found = this.#token(point);
    const { pinned } = this.lines;
    if (found && pinned && pinned.side === 0 && found.side === 1) {
      this.choose([pinned.n, found.n]);
      return;
    }
    this.lines.pinned = JSON.stringify(found) === JSON.stringify(pinned) ? null : found;
    this.refresh();
  }

  #key(event) {
    const { header } = this;
    const { key } = event;
    const step = { "[": -1, "]": 1, PageUp: -1, PageDown: 1 }[key];
    if (isShortcut(event)) return;
    if (step) {
      const at = header.heads.indexOf(this.head.value);
      this.#switchHead(header.heads[(at + step + header.heads.length) % header.heads.length]);
    } else if (key in ARROWS) {
      this.#walk(ARROWS[key]);
    } else if (key === "Enter" || key === " ") {
      if (this.view.value === "lines") this.lines.pinned = this.lines.hovered ?? this.lines.pinned;
      else if (this.hovered) this.choose(this.hovered);
    } else if (key === "Escape") {
      this.lines.pinned = null;
      this.choose(null);
    } else if (key === "+" || key === "-") {
      this.window.zoom(this.hovered ?? this.window.middle, key === "+" ? 0.7 : 1 / 0.7);
    } else if (key === "0") {
      this.window.reset();
    } else {
      return;
    }
    event.preventDefault();
    this.stage.redrawNow();
    this.#tell(true);
  }

  #walk([down, across]) {
    const { header } = this;
    const bound = (n, length) => Math.min(Math.max(n, 0), length - 1);
    if (this.view.value === "lines") {
      const from = this.lines.hovered ?? this.lines.pinned ?? { side: 0, n: down > 0 ? -1 : 0 };
      const side = across ? Number(across > 0) : from.side;
      const labels = side ? header.keys : header.queries;
      this.lines.hovered = { side, n: bound(from.n + down, labels.length) };
      this.lines.reveal(this.lines.hovered.n);
      return;
    }
    const from = this.hovered ?? this.cell.value;
    this.hovered = from
      ? [bound(from[0] + down, header.queries.length), bound(from[1] + across, header.keys.length)]
      : [0, 0];
    this.window.reveal(this.hovered);
  }
}
