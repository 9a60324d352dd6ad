// The page's theme, and numbers as colours.

const STEPS = 1024;

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// A ramp of equally spaced hex colours as a table of canvas pixels (little-endian ABGR).
function table(ramp) {
  const stops = ramp.map(channels);
  const pixels = new Uint32Array(STEPS);
  for (let n = 0; n < STEPS; n++) {
    const place = (n / (STEPS - 1)) * (stops.length - 1);
    const left = Math.min(Math.floor(place), stops.length - 2);
    const [r, g, b] = stops[left].map(
      (c, channel) => Math.round(c + (stops[left + 1][channel] - c) * (place - left)),
    );
    pixels[n] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  return pixels;
}

// Streamlit hands the theme over as CSS variables. A canvas turns any CSS colour into a plain one.
export function readTheme(host, colours) {
  const style = getComputedStyle(host);
  const variable = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const brush = document.createElement("canvas").getContext("2d");
  const plain = (colour) => {
    brush.fillStyle = colour;
    return brush.fillStyle;
  };
  const background = plain(variable("--st-background-color", "#ffffff"));
  const [r, g, b] = channels(background);
  const dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
  const palette = dark ? colours.dark : colours.light;
  const tables = {};
  for (const [name, value] of Object.entries(palette)) {
    if (name.endsWith("_ramp")) {
      const ramp = value.map((stop) => (stop === palette.page ? background : stop));
      tables[name.slice(0, -"_ramp".length)] = table(ramp);
    }
  }
  const [lostRed, lostGreen, lostBlue] = channels(palette.overflowed);
  return {
    dark,
    background,
    overflowed: (255 << 24) | (lostBlue << 16) | (lostGreen << 8) | lostRed,
    text: plain(variable("--st-text-color", dark ? "#fafafa" : "#31333f")),
    muted: dark ? "#9a9ea9" : "#6b6f7a",
    line: dark ? "#3a3e48" : "#d9dbe0",
    family: variable("--st-font", "sans-serif"),
    palette,
    tables,
  };
}

export const font = (theme, size, weight = 400) => `${weight} ${size}px ${theme.family}`;

// Diagonal stripes: no value of any ramp can look like this.
export function hatch(context, theme, ratio) {
  const side = 6;
  const tile = document.createElement("canvas");
  tile.width = tile.height = side * ratio;
  const brush = tile.getContext("2d");
  brush.scale(ratio, ratio);
  brush.fillStyle = theme.palette.masked;
  brush.fillRect(0, 0, side, side);
  brush.strokeStyle = theme.palette.masked_hatch;
  brush.lineWidth = 1.2;
  brush.beginPath();
  for (const shift of [-side, 0, side]) {
    brush.moveTo(shift - 1, side + 1);
    brush.lineTo(shift + side + 1, -1);
  }
  brush.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

// The largest of the numbers in size; those that overflowed have none.
export const largest = (cells) => cells.reduce(
  (most, value) => (Math.abs(value) > most && Number.isFinite(value) ? Math.abs(value) : most), 0,
);

// The next short number: legends stay readable, and steady from head to head.
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((s) => s * power >= value * (1 - 1e-6));
  return step * power;
}

// How numbers become places on a ramp. Weights and differences are bent by a square root, so that
// the many small ones stay visible beside a few large ones; the legend is bent with them.
export class Scale {
  constructor(kind, high) {
    this.kind = kind;
    this.high = high;
    this.signed = kind !== "weights" && kind !== "amounts";
    this.bent = kind === "weights" || kind === "difference";
  }

  // From a value to 0…1 along the ramp.
  place(value) {
    let size = Math.min(1, Math.abs(value) / this.high);
    if (this.bent) size = Math.sqrt(size);
    if (!this.signed) return value > 0 ? size : 0;
    return value < 0 ? 0.5 - size / 2 : 0.5 + size / 2;
  }

  pixel(value, theme) {
    if (!Number.isFinite(value)) return theme.overflowed >>> 0;
    return theme.tables[this.kind][Math.round(this.place(value) * (STEPS - 1))];
  }

  css(value, theme) {
    const pixel = this.pixel(value, theme);
    return `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
  }

  ticks() {
    const { high } = this;
    if (!this.signed) return [0, high / 10, high / 2, high];
    return this.bent ? [-high, -high / 10, 0, high / 10, high] : [-high, 0, high];
  }
}

// Cells as a picture of one pixel each; masked cells stay transparent over the hatch.
export function raster({ cells, masked, shape: [rows, columns] }, scale, theme) {
  const picture = document.createElement("canvas");
  picture.width = columns;
  picture.height = rows;
  const context = picture.getContext("2d");
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let n = 0; n < cells.length; n++) {
    if (!masked || !masked[n]) pixels[n] = scale.pixel(cells[n], theme);
  }
  context.putImageData(image, 0, 0);
  return picture;
}
