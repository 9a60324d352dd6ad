// Mouse, touch and wheel over panels, as a few intentions.

const DRAG = 6; // pixels before a press becomes a drag

const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

// Intentions: hover(panel, cell), leave(), choose(panel, cell), box(start, end) while dragging,
// and changes of a panel's window. panels() gives what can be hit now.
export class Pointer {
  constructor(stage, panels, intentions) {
    this.stage = stage;
    this.panels = panels;
    this.intentions = intentions;
    this.pressed = null;
    this.touches = new Map();
    const on = (event, handler, options) => stage.listen(stage.canvas, event, handler, options);
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#forget(event));
    on("pointerleave", (event) => {
      if (event.pointerType === "mouse" && !this.pressed) intentions.leave();
    });
    on("dblclick", (event) => {
      const found = this.#find(stage.point(event));
      if (found?.panel.window.zoomed) {
        found.panel.window.reset();
        this.#settle(found.panel);
      }
    });
    on("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #find(point) {
    for (const panel of this.panels()) {
      const cell = panel.hit(point);
      if (cell) return { panel, cell };
    }
    return null;
  }

  // One finger scrolls the page, or moves the part that is shown when that is not all.
  #settle(panel) {
    this.stage.canvas.style.touchAction = panel.window.zoomed ? "none" : "pan-y";
    this.stage.redraw();
  }

  // Move what is shown by a distance in pixels; whether anything moved.
  #pan({ window: shown, box }, across, down) {
    return shown.pan([
      (down / box.height) * (box.to[0] - box.from[0]),
      (across / box.width) * (box.to[1] - box.from[1]),
    ]);
  }

  #down(event) {
    const point = this.stage.point(event);
    this.touches.set(event.pointerId, point);
    const found = this.#find(point);
    this.pressed = found && { ...found, point, dragged: false, panned: false };
    if (found) this.intentions.hover(found.panel, found.cell);
  }

  #move(event) {
    const point = this.stage.point(event);
    if (this.touches.size === 2 && this.touches.has(event.pointerId)) {
      this.#pinch(event.pointerId, point);
      return;
    }
    const { pressed } = this;
    if (pressed && event.pointerType !== "mouse" && pressed.panel.window.zoomed) {
      const last = this.touches.get(event.pointerId);
      this.touches.set(event.pointerId, point);
      this.#pan(pressed.panel, last[0] - point[0], last[1] - point[1]);
      pressed.panned ||= far(point, pressed.point) > DRAG;
    }
    if (pressed && event.pointerType === "mouse" && event.buttons & 1) {
      if (far(point, pressed.point) > DRAG && !pressed.dragged) {
        pressed.dragged = true;
        this.stage.canvas.setPointerCapture(event.pointerId);
      }
      if (pressed.dragged) this.intentions.box(pressed.panel, pressed.point, point);
      return;
    }
    const found = this.#find(point);
    if (found) this.intentions.hover(found.panel, found.cell);
    else if (event.pointerType === "mouse") this.intentions.leave();
  }

  #up(event) {
    const { pressed } = this;
    const point = this.stage.point(event);
    const pinched = this.touches.size > 1;
    this.#forget(event);
    if (!pressed || pinched) return;
    if (pressed.dragged) {
      const [a, b] = [pressed.panel.at(pressed.point), pressed.panel.at(point)];
      const from = a.map((place, axis) => Math.floor(Math.min(place, b[axis])));
      const to = a.map((place, axis) => Math.ceil(Math.max(place, b[axis])));
      pressed.panel.window.show(from, to);
      this.#settle(pressed.panel);
      this.intentions.box(null);
    } else if (!pressed.panned) {
      this.intentions.choose(pressed.panel, pressed.cell);
    }
  }

  #forget(event) {
    this.touches.delete(event.pointerId);
    this.pressed = null;
  }

  #pinch(id, point) {
    const [other] = [...this.touches].filter(([known]) => known !== id).map(([, at]) => at);
    const before = this.touches.get(id);
    this.touches.set(id, point);
    const spread = (a) => Math.max(8, far(a, other));
    const middle = [(point[0] + other[0]) / 2, (point[1] + other[1]) / 2];
    const found = this.#find(middle);
    if (found) {
      found.panel.window.zoom(found.panel.at(middle), spread(before) / spread(point));
      this.#settle(found.panel);
    }
  }

  // Ctrl + wheel (and a pinch on a touchpad) zooms. The bare wheel belongs to the page, except
  // while it can move the part that is shown.
  #wheel(event) {
    const point = this.stage.point(event);
    const found = this.#find(point);
    if (!found) return;
    const { window: shown } = found.panel;
    if (event.ctrlKey || event.metaKey) {
      shown.zoom(found.panel.at(point), Math.exp(Math.sign(event.deltaY) * 0.22));
      event.preventDefault();
    } else if (shown.zoomed) {
      const [across, down] = event.shiftKey ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
      if (this.#pan(found.panel, across, down)) event.preventDefault();
    }
    this.#settle(found.panel);
    // another cell may have come under the pointer
    this.intentions.hover(found.panel, found.panel.hit(point));
  }
}
