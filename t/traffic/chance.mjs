// SPDX-License-Identifier: Apache-2.0
//
// Chance from a seed. Every client draws from a stream of its own, named by
// seed, kind and number, so that another kind, or more clients of one, change
// nothing for the rest.

function hash(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  return h >>> 0;
}

export class Chance {
  #state;

  constructor(...names) {
    this.#state = hash(names.join("\t"));
  }

  // In [0, 1): mulberry32.
  draw() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  // A real number in [low, high).
  between(low, high) {
    return low + (high - low) * this.draw();
  }

  // The same, as likely to be below the geometric mean as above.
  spread(low, high) {
    return low * (high / low) ** this.draw();
  }

  // A whole number in [low, high].
  whole(low, high) {
    return Math.floor(this.between(low, high + 1));
  }

  // How long one looks at something: right-skewed, mean `mean`, at most eight
  // times of it.
  dwell(mean) {
    return Math.min(-mean * Math.log(1 - this.draw()) * 0.7 + mean * 0.3,
      8 * mean);
  }

  is(probability) {
    return this.draw() < probability;
  }

  pick(list) {
    return list[Math.floor(this.draw() * list.length)];
  }

  shuffle(list) {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.whole(0, i);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  hex(digits) {
    let out = "";
    while (out.length < digits) {
      out += Math.floor(this.draw() * 16).toString(16);
    }
    return out;
  }

  word() {
    const parts = ["ka", "lo", "mi", "ter", "su", "ran", "po", "de", "vi",
      "gel", "no", "bar", "ul", "ish", "em", "ot"];
    let out = "";
    for (let n = this.whole(2, 4); n > 0; n--) {
      out += this.pick(parts);
    }
    return out;
  }
}
