/** What people call codecs, and sentences for what cannot be played. */

/** @typedef {import('./problem.js').Problem} Problem */

/**
 * @typedef {object} CodecWords
 * @property {string} name
 * @property {string[]} [players] what can play it, for codecs browsers have no decoder for
 */

const FLASH = 'Flash Player';
const ANY = [FLASH, 'Ruffle', 'ffplay', 'VLC'];
const NOT_RUFFLE = [FLASH, 'ffplay', 'VLC'];
const TOOLS = ['ffplay', 'VLC'];

/** @type {Readonly<Record<string, CodecWords>>} */
const CODECS = Object.freeze({
  avc1: { name: 'H.264' },
  hvc1: { name: 'H.265' },
  vvc1: { name: 'H.266', players: ['ffplay'] },
  vp08: { name: 'VP8', players: TOOLS },
  vp09: { name: 'VP9' },
  av01: { name: 'AV1' },
  h263: { name: 'Sorenson H.263 (Flash 6)', players: ANY },
  screen: { name: 'Screen Video (Flash 6)', players: ANY },
  screen2: { name: 'Screen Video 2 (Flash 8)', players: NOT_RUFFLE },
  vp6: { name: 'On2 VP6 (Flash 8)', players: ANY },
  'vp6-alpha': { name: 'On2 VP6 with alpha (Flash 8)', players: ANY },
  mp4a: { name: 'AAC' },
  '.mp3': { name: 'MP3' },
  Opus: { name: 'Opus' },
  fLaC: { name: 'FLAC' },
  'ac-3': { name: 'Dolby Digital (AC-3)', players: TOOLS },
  'ec-3': { name: 'Dolby Digital Plus (E-AC-3)', players: TOOLS },
  nellymoser: { name: 'Nellymoser (Flash 6)', players: ANY },
  speex: { name: 'Speex (Flash 10)', players: NOT_RUFFLE },
  adpcm: { name: 'ADPCM (Flash)', players: ANY },
  'pcm-native': { name: 'uncompressed PCM', players: NOT_RUFFLE },
  'pcm-le': { name: 'uncompressed PCM', players: NOT_RUFFLE },
  'g711-alaw': { name: 'G.711 A-law', players: NOT_RUFFLE },
  'g711-mulaw': { name: 'G.711 µ-law', players: NOT_RUFFLE },
  'device-audio': { name: "a device's own format", players: [FLASH] },
});

/**
 * What people call a codec.
 * @param {string} codec
 * @returns {string}
 */
export function codecName(codec) {
  const known = Object.hasOwn(CODECS, codec) ? CODECS[codec] : undefined;
  return known?.name ?? `the unknown codec “${codec}”`;
}

/**
 * @param {string} codec
 * @returns {readonly string[]} players that can decode it
 */
function playersFor(codec) {
  const known = Object.hasOwn(CODECS, codec) ? CODECS[codec] : undefined;
  return known?.players ?? TOOLS;
}

/** @param {readonly string[]} names @returns {string} "a, b or c" */
function either(names) {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/**
 * Why a track is not played, and what to do about it.
 * @param {Problem} problem
 * @param {string} url an address for other players; empty when there is none
 * @returns {string}
 */
export function explain(problem, url) {
  const { kind, codec } = problem;
  const name = codecName(codec);
  const subject = `This stream's ${kind} is ${name}.`;
  const elsewhere = `${either(playersFor(codec))}${url ? `: ${url}` : '.'}`;
  switch (problem.reason) {
    case 'no-decoder':
      return `${subject} Browsers have no decoder for it; open it in ${elsewhere}`;
    case 'browser':
      return `${subject} This browser cannot decode it; try another one, or open it in ${elsewhere}`;
    case 'damaged':
      return `${subject} The publisher's description of it is damaged, so it cannot be decoded.`;
    case 'no-config':
      return `${subject} The publisher has not sent what a decoder needs to start.`;
    case 'no-key':
      return `${subject} The publisher has not sent a key frame yet, and the picture begins with one.`;
    case 'encrypted':
      return `This stream's ${kind} is encrypted and cannot be played here.`;
  }
}
