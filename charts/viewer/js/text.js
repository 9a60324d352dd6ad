// Words, numbers and tokens as text that can be drawn anywhere without harm.

const ELLIPSIS = "…";
const LONGEST = 80;

const SIGNS = { " ": "␣", "\n": "↵", "\t": "⇥" };

// A token as charts/labels.py shows it: blanks as signs, what has no shape of its own, or would turn
// the direction of the text around it, as its code; but what joins an emoji stays.
export function visible(token) {
  if (token === "") return "∅";
  const shown = token.replace(/(?!\u200d)[\p{C}\p{Z}]/gu, (letter) =>
    SIGNS[letter] ?? `⟨${letter.codePointAt(0).toString(16)}⟩`);
  const letters = Array.from(shown.slice(0, 2 * LONGEST));
  return letters.length > LONGEST ? letters.slice(0, LONGEST).join("") + ELLIPSIS : shown;
}

// Isolation: a right-to-left token keeps its own order, with ## in front, and leaves its neighbours'.
const isolated = (text) => `\u2066${text}\u2069`;

// Text that fits a width, measured once per font.
export class Fitter {
  constructor(context) {
    this.context = context;
    this.known = new Map();
  }

  width(text, font) {
    const key = `${font}|${text}`;
    let width = this.known.get(key);
    if (width === undefined) {
      if (this.known.size > 20000) this.known.clear();
      this.context.font = font;
      width = this.context.measureText(isolated(text)).width;
      this.known.set(key, width);
    }
    return width;
  }

  fit(text, font, room) {
    if (this.width(text, font) <= room) return isolated(text);
    const letters = Array.from(text);
    let low = 0;
    let high = letters.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const short = letters.slice(0, middle).join("") + ELLIPSIS;
      if (this.width(short, font) <= room) low = middle;
      else high = middle - 1;
    }
    return low ? isolated(letters.slice(0, low).join("") + ELLIPSIS) : "";
  }
}

const UPRIGHT = /^\p{Script=Han}[\p{Script=Han}（）\d ·…]*$/u;
const STANDING = { "（": "︵", "）": "︶", "…": "︙" };

// The name of the rows beside them, read from below to end at (x, y): turned, but for Chinese, whose
// letters stand upright one under the other, a number as one of them.
export function beside(context, text, x, y, size) {
  const letters = text.replace(/[\u2066\u2069]/g, "");
  context.save();
  context.translate(x, y);
  if (UPRIGHT.test(letters)) {
    context.textAlign = "center";
    context.textBaseline = "top";
    letters.match(/\d+|[^ ]/gu).forEach((letter, n) =>
      context.fillText(STANDING[letter] ?? letter, -size / 3, n * (size + 1)));
  } else {
    context.rotate(-Math.PI / 2);
    context.textAlign = "right";
    context.fillText(text, 0, 0);
  }
  context.restore();
}

// A sentence with {named} gaps, as gettext hands it over.
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (gap, name) => (name in values ? values[name] : gap));
}

const significant = (value, digits) => {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size < 1e-4 || size >= 1e6
    ? value.toExponential(digits - 1)
    : value.toPrecision(digits);
  return text.replace("-", "−").replace("e−", "e-");
};

// What overflowed is named in these words. Else four significant digits, or fewer with a ≈ where the payload's code does not carry four: the last
// digit shown is never off by more than its half.
export function number(value, { words, uncertainty = 0, signed = false }) {
  if (!Number.isFinite(value)) return words.overflowed;
  const plus = signed && value > 0 ? "+" : "";
  if (value === 0 || uncertainty === 0) return plus + significant(value, 4);
  const first = Math.floor(Math.log10(Math.abs(value)));
  const carried = first + 1 - Math.ceil(Math.log10(2 * uncertainty));
  if (carried >= 4) return plus + significant(value, 4);
  return `≈${plus}${significant(value, Math.max(1, carried))}`;
}

// A short number for a legend.
export const tick = (value) => {
  if (value === 0) return "0";
  const text = Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5
    ? String(Number(value.toPrecision(2)))
    : value.toExponential(0);
  return text.replace("-", "−");
};
