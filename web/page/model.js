/**
 * What the page knows and how it says it: plain functions from data to data, no document.
 */

/**
 * One live stream, as `GET /api/streams` tells it.
 * @typedef {object} LiveStream
 * @property {string} app
 * @property {string} instance
 * @property {string} name
 * @property {string} path address of the FLV, URL-encoded by the server
 * @property {string} video codec for people, empty without video
 * @property {string} audio likewise
 * @property {number} width pixels, 0 when unknown
 * @property {number} height
 * @property {number} players how many are watching
 * @property {string} publisher the publisher's software
 * @property {number} liveMs for how long it has been live
 * @property {number} kbps
 */

/** @typedef {{ rtmpPort: number, version: string }} ServerInfo */

/** @typedef {import('../lib/connection.js').ViaChoice} ViaChoice */

/** @typedef {{ path: string, via: ViaChoice }} Choice */

export const DEFAULT_INSTANCE = '_definst_';
const DEFAULT_RTMP_PORT = 1935;
/** Larger numbers are moments since 1970, smaller ones spans of time. */
const LONGEST_SPAN_MS = 1e11;

/** @param {unknown} value @returns {Record<string, unknown>} */
function record(value) {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** @param {unknown} value @returns {string} */
function text(value) {
  return typeof value === 'string' ? value : '';
}

/** @param {unknown} value @returns {number} */
function count(value) {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

/**
 * Reads the answer of `GET /api/streams`; entries without a usable path are left out.
 * @param {unknown} answer
 * @param {string} origin of the page
 * @param {number} nowMs wall clock
 * @returns {LiveStream[]} sorted by path
 */
export function readStreams(answer, origin, nowMs) {
  const { streams } = record(answer);
  if (!Array.isArray(streams)) return [];
  return streams
    .map((entry) => readStream(record(entry), nowMs))
    .filter((stream) => streamPath(stream.path, origin) !== null)
    .sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

/** @param {Record<string, unknown>} entry @param {number} nowMs @returns {LiveStream} */
function readStream(entry, nowMs) {
  const since = count(entry['since_ms']);
  return {
    app: text(entry['app']),
    instance: text(entry['instance']),
    name: text(entry['name']),
    path: text(entry['path']),
    video: text(entry['video']),
    audio: text(entry['audio']),
    width: count(entry['width']),
    height: count(entry['height']),
    players: count(entry['players']),
    publisher: text(entry['publisher']),
    liveMs: since > LONGEST_SPAN_MS ? Math.max(0, nowMs - since) : since,
    kbps: count(entry['kbps']),
  };
}

/** @param {unknown} answer of `GET /api/server` @returns {ServerInfo} */
export function readServer(answer) {
  const { rtmp_port: port, version } = record(answer);
  return { rtmpPort: count(port) || DEFAULT_RTMP_PORT, version: text(version) };
}

/**
 * The path of a stream if it is one of this server's; links must not make the page connect
 * anywhere else.
 * @param {string} path
 * @param {string} origin of the page
 * @returns {string | null}
 */
export function streamPath(path, origin) {
  if (!path.startsWith('/')) return null;
  try {
    const url = new URL(path, origin);
    return url.origin === origin && url.pathname.endsWith('.flv')
      ? url.pathname + url.search
      : null;
  } catch {
    return null;
  }
}

/**
 * What a link such as `/?play=/live/_definst_/test.flv&via=ws` asks for.
 * @param {string} query
 * @param {string} origin of the page
 * @returns {Choice | null}
 */
export function readLink(query, origin) {
  const wanted = new URLSearchParams(query);
  const path = streamPath(wanted.get('play') ?? '', origin);
  return path === null ? null : { path, via: readVia(wanted.get('via')) };
}

/** @param {string | null} value @returns {ViaChoice} */
export function readVia(value) {
  return value === 'ws' || value === 'http' ? value : 'auto';
}

/** @param {Choice} choice @returns {string} the link that asks for it */
export function linkTo({ path, via }) {
  const query = new URLSearchParams({ play: path });
  if (via !== 'auto') query.set('via', via);
  return `/?${query}`;
}

/**
 * A stream known only by its path.
 * @param {string} path
 * @returns {LiveStream}
 */
export function streamFromPath(path) {
  const [pathname = ''] = path.split('?');
  const parts = pathname
    .replace(/\.flv$/, '')
    .split('/')
    .filter(Boolean)
    .map(decode);
  const app = parts[0] ?? '';
  const instance = parts.length > 2 ? (parts[1] ?? '') : DEFAULT_INSTANCE;
  const name = parts.slice(parts.length > 2 ? 2 : 1).join('/');
  return { ...readStream({ app, instance, name }, 0), path };
}

/** @param {string} part @returns {string} */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @param {LiveStream} stream @returns {string} where it is, without the name */
export function placeOf({ app, instance }) {
  return instance && instance !== DEFAULT_INSTANCE ? `${app}/${instance}` : app;
}

/**
 * The address of an application over RTMP.
 * @param {string} hostname of the page
 * @param {number} port
 * @param {string} place
 */
export function rtmpBase(hostname, port, place) {
  return `rtmp://${hostname}${port === DEFAULT_RTMP_PORT ? '' : `:${port}`}/${place}`;
}

/**
 * The address of a stream over RTMP, for other players.
 * @param {LiveStream} stream
 * @param {string} hostname of the page
 * @param {number} port
 */
export function rtmpUrl(stream, hostname, port) {
  return `${rtmpBase(hostname, port, placeOf(stream))}/${stream.name}`;
}

/**
 * Ways to send a first stream.
 * @param {string} base the application's address
 */
export function publishHelp(base) {
  const out = `-c:a aac -f flv ${base}/test`;
  const encode = '-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 60';
  const picture = '-f lavfi -i testsrc2=size=1280x720:rate=30';
  const tone = '-f lavfi -i sine=frequency=440';
  return {
    server: base,
    key: 'test',
    file: `ffmpeg -re -i video.mp4 ${encode} ${out}`,
    pattern: `ffmpeg -re ${picture} ${tone} ${encode} ${out}`,
  };
}

/**
 * A command line for another player, quoted for a POSIX shell.
 * @param {string} program
 * @param {string} url
 */
export function commandLine(program, url) {
  const plain = /^[\w:/.@%+=,-]+$/.test(url);
  return `${program} ${plain ? url : `'${url.replaceAll("'", "'\\''")}'`}`;
}

/** @param {number} value @param {string} one @param {string} many */
function counted(value, one, many) {
  return `${value} ${value === 1 ? one : many}`;
}

/** @param {number} ms @returns {string} such as "12 min" */
export function spanWords(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : counted(Math.floor(hours / 24), 'day', 'days');
}

/** @param {number} kbps @returns {string} */
export function rateWords(kbps) {
  if (kbps <= 0) return '';
  return kbps < 1000 ? `${Math.round(kbps)} kbit/s` : `${(kbps / 1000).toFixed(1)} Mbit/s`;
}

/** @param {LiveStream} stream @returns {string[]} facts in the order of interest */
export function factsOf(stream) {
  return [
    [stream.video, stream.audio].filter(Boolean).join(' + '),
    stream.width && stream.height ? `${stream.width} × ${stream.height}` : '',
    rateWords(stream.kbps),
    stream.players ? counted(stream.players, 'viewer', 'viewers') : '',
  ].filter(Boolean);
}
