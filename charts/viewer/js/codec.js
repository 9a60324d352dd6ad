// The other half of payload.py: the header and the arrays of one blob of bytes.

const ALIGNMENT = 8;
const LEVELS = { u16: 65535, u8: 255 };
const MIDDLE = 127;
const STORED = { f32: Float32Array, u16: Uint16Array, u8: Uint8Array, bytes: Uint8Array };

const count = (shape) => shape.reduce((product, length) => product * length, 1);

function decodeBits(octets, length) {
  const flags = new Uint8Array(length);
  for (let n = 0; n < length; n++) flags[n] = (octets[n >> 3] >> (n & 7)) & 1;
  return flags;
}

// Squaring, not Math.pow: Python does the same operations and gets the same bits.
function raised(place, power) {
  for (let p = power; p > 1; p /= 2) place *= place;
  return place;
}

// Where a number is not finite, the highest integer stands for it.
const levelsOf = ({ code, lost }) => LEVELS[code] - (lost ? 1 : 0);

function decodeCells(spec, stored) {
  if (spec.code === "f32") return stored;
  const { low, high, power, signed, lost } = spec;
  const top = LEVELS[spec.code];
  const levels = levelsOf(spec);
  const finite = signed
    ? (q) => high * (q / MIDDLE - 1) * Math.abs(q / MIDDLE - 1)
    : (q) => low + (high - low) * raised(q / levels, power);
  const number = signed || lost ? (q) => (q === top ? NaN : finite(q)) : finite;
  const cells = new Float32Array(stored.length);
  if (spec.code === "u8") {
    const table = Float32Array.from({ length: 256 }, (_, q) => number(q));
    for (let n = 0; n < stored.length; n++) cells[n] = table[stored[n]];
  } else {
    for (let n = 0; n < stored.length; n++) cells[n] = number(stored[n]);
  }
  return cells;
}

// An array of the payload. Its cells are decoded when first asked for: a head that nobody looks
// at costs nothing.
class CodedArray {
  constructor(spec, buffer, start) {
    this.spec = spec;
    this.shape = spec.shape;
    this.decoded = null;
    this.stored = () => {
      const length = count(spec.shape);
      if (spec.code === "bits") return new Uint8Array(buffer, start, Math.ceil(length / 8));
      return new STORED[spec.code](buffer, start, length);
    };
  }

  get cells() {
    if (!this.decoded) {
      const { spec } = this;
      this.decoded = spec.code === "bits"
        ? decodeBits(this.stored(), count(spec.shape))
        : decodeCells(spec, this.stored());
    }
    return this.decoded;
  }

  // Half a quantisation step at this value: how far the number may be from the model's own.
  uncertainty(value) {
    const { code, low, high, power, signed } = this.spec;
    if (code === "f32" || !Number.isFinite(value)) return 0;
    if (signed) return high * Math.max(Math.sqrt(Math.abs(value) / high), 1 / MIDDLE) / MIDDLE;
    const place = Math.pow(Math.max(0, (value - low) / (high - low)), 1 / power);
    const levels = levelsOf(this.spec);
    const step = power * Math.pow(Math.max(place, 1 / levels), power - 1) / levels;
    return (high - low) * step / 2;
  }
}

export function decode(bytes) {
  // Typed arrays need aligned memory, and the blob may start anywhere in a message.
  const aligned = bytes.byteOffset % ALIGNMENT === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const length = new DataView(buffer, byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(aligned.subarray(4, 4 + length)));
  const body = byteOffset + Math.ceil((4 + length) / ALIGNMENT) * ALIGNMENT;
  const arrays = header.arrays.map((spec) => new CodedArray(spec, buffer, body + spec.offset));
  return { header, arrays };
}

// What payload.py deflated.
export const inflate = async (bytes) => {
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
};
