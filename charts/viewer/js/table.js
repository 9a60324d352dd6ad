// For screen readers, and for those who prefer numbers: each query's strongest key.

import { node } from "./stage.js";
import { number, visible } from "./text.js";

const token = (label) => node("bdi", {}, visible(label));

export class Table {
  constructor(stage) {
    this.summary = node("summary");
    this.head = node("tr");
    this.body = node("tbody");
    const table = node("table", {}, node("thead", {}, this.head), this.body);
    this.element = node("details", {}, this.summary, node("div", { class: "table" }, table));
    this.panels = [];
    stage.listen(this.element, "toggle", () => this.#fill());
    stage.below.append(this.element);
  }

  // Filled only while open: 512 rows are not made for nobody.
  show(panels, words) {
    this.panels = panels;
    this.words = words;
    this.summary.textContent = words.table;
    this.#fill();
  }

  #fill() {
    if (!this.element.open) return;
    const { panels, words } = this;
    const column = (text) => node("th", { scope: "col" }, text);
    this.head.replaceChildren(
      column(words.query),
      ...panels.flatMap(({ side }) => [
        column(`${words[side]}: ${words.strongest}`), column(words.weight),
      ]),
    );
    this.body.replaceChildren(...panels[0].rows.labels.map((query, i) => node(
      "tr", {},
      node("th", { scope: "row" }, token(query)),
      ...panels.flatMap((panel) => this.#strongest(panel, i)),
    )));
  }

  #strongest(panel, i) {
    const { key, value, uncertainty } = panel.strongest(i);
    if (!Number.isFinite(value)) {
      return [node("td", {}, "–"), node("td", {}, this.words.overflowed)];
    }
    const text = number(value, { words: this.words, uncertainty });
    return [node("td", {}, token(panel.columns.labels[key])), node("td", {}, text)];
  }
}
