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

  // The mark of what overflowed: no ramp has its colour.
  cross(x, y, width, height) {
    const { context } = this;
    const { overflowed, overflowed_cross: stroke } = this.theme.palette;
    const [across, down] = [width * 0.25, height * 0.25];
    context.fillStyle = overflowed;
    context.fillRect(x, y, width, height);
    context.strokeStyle = stroke;
    context.lineWidth = 1.2;
    context.beginPath();
    context.moveTo(x + across, y + down);
    context.lineTo(x + width - across, y + height - down);
    context.moveTo(x + width - across, y + down);
    context.lineTo(x + across, y + height - down);
    context.stroke();
  }

  use(theme) {
    this.theme = theme;
    this.stage.colour(theme.palette);
    this.hatch = hatch(this.context, theme, this.ratio);
    this.fitter.known.clear();
  }
}
