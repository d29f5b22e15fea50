// Plays audio as it comes, through Web Audio.

// samples reads a frame: floats from -1 to 1.
function samples(base64, encoding) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  if (encoding === 'mulaw') return Float32Array.from(bytes, mulaw);
  if (encoding === 'alaw') return Float32Array.from(bytes, alaw);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length >> 1 }, (_, i) => view.getInt16(2 * i, true) / 32768);
}

// mulaw and alaw are G.711.
function mulaw(byte) {
  const b = ~byte & 0xff;
  const value = ((((b & 0x0f) << 3) + 0x84) << ((b & 0x70) >> 4)) - 0x84;
  return (b & 0x80 ? -value : value) / 32768;
}

function alaw(byte) {
  const b = byte ^ 0x55, exponent = (b & 0x70) >> 4, low = ((b & 0x0f) << 4) + 8;
  const value = exponent === 0 ? low : (low + 0x100) << (exponent - 1);
  return (b & 0x80 ? value : -value) / 32768;
}

const lead = 0.06; // seconds between a frame's coming and its sound, where nothing waits before it

export class Player {
  constructor({ encoding, sample_rate: rate }) {
    this.encoding = encoding;
    this.rate = rate;
    this.context = new AudioContext();
    this.until = 0;      // on the context's clock: when all that was given is played
    this.parts = [];     // of what was given: when it begins, and where in the speech
    this.position = 0;   // of the speech, in samples: what was given
    this.played = 0;     // samples whose sound is over
    this.gap = 0;        // seconds of silence within the speech, since nothing had come
    this.sources = new Set();
  }

  // add plays a frame behind those before it.
  add(base64) {
    const data = samples(base64, this.encoding);
    if (data.length === 0) return;
    const buffer = this.context.createBuffer(1, data.length, this.rate);
    buffer.copyToChannel(data, 0);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    const begins = Math.max(this.until, this.context.currentTime + lead);
    if (this.until > 0 && begins > this.until) this.gap += begins - this.until;
    this.parts.push({ begins, from: this.position });
    this.position += data.length;
    this.until = begins + buffer.duration;
    this.sources.add(source);
    source.onended = () => {
      this.sources.delete(source);
      this.played += data.length;
    };
    source.start(begins);
  }

  // heard is up to where in the speech the listener is, in milliseconds.
  get heard() {
    const now = this.context.currentTime;
    let at = null;
    for (const part of this.parts) if (part.begins <= now) at = part;
    if (!at) return 0;
    return Math.min(this.position, at.from + (now - at.begins) * this.rate) * 1000 / this.rate;
  }

  get over() { return this.sources.size === 0; }

  stop() {
    for (const source of this.sources) {
      source.onended = null;
      source.stop();
    }
    this.sources.clear();
    return this.context.close();
  }
}
