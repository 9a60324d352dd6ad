// The frame that every view stands in: toolbar, canvas in a scroller, readout; and its upkeep.

export function node(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A key for the browser or the system; AltGr only types, e.g. [ on many keyboards.
export const isShortcut = (event) => !event.getModifierState("AltGraph")
  && (event.ctrlKey || event.metaKey || event.altKey);

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

// A row of buttons of which one is pressed; for the Tab key it is one stop, the arrows go through it.
export class Choice {
  constructor(label, choose) {
    this.choose = choose;
    this.shown = "";
    this.element = node("div", {
      class: "choice", role: "toolbar", "aria-label": label, onkeydown: (event) => this.#key(event),
    });
  }

  set(options, chosen, label) {
    const wanted = JSON.stringify(options);
    const focused = [...this.element.children].findIndex((button) => button.matches(":focus"));
    if (wanted !== this.shown) {
      this.shown = wanted;
      this.element.replaceChildren(
        ...options.map(({ value, text, title }) =>
          node("button", { type: "button", title, onclick: () => this.choose(value) }, text)),
      );
    }
    if (label) this.element.setAttribute("aria-label", label);
    options.forEach(({ value }, n) => {
      this.element.children[n].setAttribute("aria-pressed", String(value === chosen));
    });
    const at = focused >= 0 ? focused : options.findIndex(({ value }) => value === chosen);
    this.#stop(Math.min(Math.max(at, 0), options.length - 1));
    if (focused >= 0) this.element.children[this.at]?.focus();
  }

  // The button at which the Tab key stops.
  #stop(at) {
    this.at = at;
    [...this.element.children].forEach((button, n) => {
      button.tabIndex = n === at ? 0 : -1;
    });
  }

  #key(event) {
    const { children } = this.element;
    const last = children.length - 1;
    const now = [...children].indexOf(event.target);
    const to = { Home: 0, End: last }[event.key] ?? now + STEPS[event.key];
    if (isShortcut(event) || !Number.isFinite(to)) return;
    event.preventDefault();
    this.#stop((to + children.length) % children.length);
    children[this.at].focus();
  }
}

// A slider for a share, with its name before it and its value behind.
export class Slider {
  constructor(stage, move) {
    this.name = node("span");
    this.input = node("input", { type: "range", min: "0.05", max: "1", step: "0.05" });
    this.share = node("output");
    this.element = node("label", { class: "slider" }, this.name, this.input, this.share);
    stage.listen(this.input, "input", () => move(Number(this.input.value)));
  }

  set(name, share) {
    this.name.textContent = name;
    this.input.value = String(share);
    this.share.textContent = `${Math.round(share * 100)} %`;
  }
}

export class Stage {
  constructor(root) {
    this.width = 0;
    this.ratio = 1;
    this.draw = () => {};
    this.queued = 0;
    this.toolbar = node("div", { class: "toolbar" });
    this.canvas = node("canvas", {
      tabindex: "0", role: "application", "aria-describedby": "readout",
    });
    this.spacer = node("div", { class: "spacer" }, this.canvas);
    this.scroller = node("div", { class: "scroller" }, this.spacer);
    this.readout = node("div", { class: "readout", id: "readout" });
    this.save = node("button", { type: "button", class: "save" });
    this.line = node("div", { class: "line" }, this.readout, this.save);
    this.live = node("div", { class: "hidden", "aria-live": "polite" });
    this.below = node("div", { class: "below" });
    this.element = node(
      "div", { class: "viewer" },
      this.toolbar, this.line, this.scroller, this.below, this.live,
    );
    this.frame = node("div", { class: "frame" }, this.element);
    root.append(this.frame);
    this.context = this.canvas.getContext("2d");
    this.resizing = new ResizeObserver(() => {
      if (Math.floor(this.element.clientWidth) !== this.width) this.redraw();
    });
    this.resizing.observe(this.element);
    this.listening = new AbortController();
    this.listen(window, "resize", () => this.redraw());
    this.listen(this.save, "click", () => this.#download());
    this.listen(this.scroller, "scroll", () => this.redraw());
    document.fonts.ready.then(() => this.redraw());
  }

  listen(target, event, handler, options = {}) {
    target.addEventListener(event, handler, { ...options, signal: this.listening.signal });
  }

  // Size the canvas to the pixels of the screen. Clearing and drawing happen in one task, so that
  // no empty picture is ever shown.
  open(height, total = height) {
    this.ratio = window.devicePixelRatio || 1;
    const { canvas, ratio } = this;
    this.spacer.style.height = `${total}px`;
    this.scroller.classList.toggle("scrolls", total > height);
    this.scroller.style.maxHeight = total > height ? `${height}px` : "";
    const width = this.scroller.clientWidth || this.width;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return width;
  }

  redraw() {
    if (!this.queued) {
      this.queued = requestAnimationFrame(() => {
        this.queued = 0;
        this.redrawNow();
      });
    }
  }

  redrawNow() {
    this.width = Math.floor(this.element.clientWidth);
    if (this.width > 0) {
      this.draw();
      this.element.dataset.drawn = String(Number(this.element.dataset.drawn || 0) + 1);
    }
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // The readout is a row of [text, class] pieces; each is isolated text, never markup.
  tell(pieces, spoken = false) {
    this.readout.replaceChildren(
      ...pieces.map(([text, style, title]) => node("bdi", { class: style, title }, text)),
    );
    if (spoken) this.live.textContent = this.readout.innerText;
  }

  // The colours with a meaning, for the readout's text.
  colour({ queries, keys, values }) {
    for (const [name, colour] of Object.entries({ queries, keys, values })) {
      this.element.style.setProperty(`--viewer-${name}`, colour);
    }
  }

  // What the picture shows, for those who do not see it: in short, and in full. The button that
  // saves it as a file is called after it.
  describe(words, name, summary, file) {
    this.canvas.setAttribute("aria-label", summary);
    this.save.textContent = words.save;
    this.save.title = words.save_title;
    this.save.setAttribute("aria-label", `${words.save}: ${name}`);
    this.file = file;
  }

  // What is drawn, as a file.
  #download() {
    this.canvas.toBlob((blob) => {
      const address = URL.createObjectURL(blob);
      node("a", { href: address, download: this.file }).click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    });
  }

  destroy() {
    cancelAnimationFrame(this.queued);
    this.listening.abort();
    this.resizing.disconnect();
    this.frame.remove();
  }
}
