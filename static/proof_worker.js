// Finds the number that, written after a challenge's salt, has the challenge's SHA-256. In place of the browser's own
// SHA-256, which has to be asked for each hash, is slow for that reason, and is missing on pages without TLS.
"use strict";

const START = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
const ROUNDS = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
const BLOCK_BYTES = 64;

const schedule = new Int32Array(64);

// Takes a block of `bytes`, from `offset` on, into `state`.
const compress = (state, bytes, offset) => {
  for (let i = 0; i < 16; i++) {
    const at = offset + 4 * i;
    schedule[i] = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = schedule[i - 15], y = schedule[i - 2];
    const mixedX = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
    const mixedY = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
    schedule[i] = schedule[i - 16] + mixedX + schedule[i - 7] + mixedY | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const mixedE = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
    const first = h + mixedE + (e & f ^ ~e & g) + ROUNDS[i] + schedule[i] | 0;
    const mixedA = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
    const second = mixedA + (a & b ^ a & c ^ b & c) | 0;
    h = g; g = f; f = e; e = d + first | 0;
    d = c; c = b; b = a; a = first + second | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
};

// The number from `first` on, in steps; null if there is none up to `last`.
const search = (salt, challenge, first, step, last) => {
  const wanted = Int32Array.from(challenge.match(/.{8}/g), (word) => parseInt(word, 16));
  const head = new TextEncoder().encode(salt);
  const whole = head.length - head.length % BLOCK_BYTES;
  const common = START.slice(); // of what is the same for all numbers
  for (let offset = 0; offset < whole; offset += BLOCK_BYTES) {
    compress(common, head, offset);
  }
  const tail = new Uint8Array(2 * BLOCK_BYTES);
  tail.set(head.subarray(whole));
  const state = new Int32Array(8);
  for (let number = first; number <= last; number += step) {
    const digits = String(number);
    let end = head.length - whole;
    for (let i = 0; i < digits.length; i++) {
      tail[end++] = digits.charCodeAt(i);
    }
    const blocks = end + 9 > BLOCK_BYTES ? 2 : 1;
    const bits = 8 * (whole + end);
    tail[end++] = 0x80;
    tail.fill(0, end);
    tail[blocks * BLOCK_BYTES - 2] = bits >>> 8;
    tail[blocks * BLOCK_BYTES - 1] = bits;
    state.set(common);
    for (let block = 0; block < blocks; block++) {
      compress(state, tail, block * BLOCK_BYTES);
    }
    if (state[0] === wanted[0] && state.every((word, i) => word === wanted[i])) {
      return number;
    }
  }
  return null;
};

onmessage = ({data}) => postMessage(search(data.salt, data.challenge, data.first, data.step, data.last));
