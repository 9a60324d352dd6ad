// What drawing needs besides a place: the context, fitted text, the hatch of masked cells.

import { hatch } from "./colour.js";
import { Fitter } from "./text.js";

export class Pen {
  constructor(stage) {
    this.stage = stage;
    this.context = stage.context;
    this.fitter = new Fitter(stage.context);
    this.theme = null;
  }

  get ratio() {
    return window.devicePixelRatio || 1;
  }

  // A fresh page: everything is painted over the background, so that a saved picture has one too.
  ground(width, height) {
    this.context.fillStyle = this.theme.background;
    this.context.fillRect(0, 0, width, height);
  }

  use(theme) {
    this.theme = theme;
    this.stage.colour(theme.palette);
    this.hatch = hatch(this.context, theme, this.ratio);
    this.fitter.known.clear();
  }
}
