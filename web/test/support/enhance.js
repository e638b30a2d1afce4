/**
 * Makes an Enhanced RTMP FLV of VP9 or AV1 video (IVF) and Opus audio (Ogg).
 *
 * For tests, where the installed ffmpeg knows the codecs but not enhanced FLV:
 * `node enhance.js video.ivf audio.ogg out.flv`
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { concat } from '../../lib/bytes.js';
import { av1ConfigOf } from '../../lib/codec/av1.js';
import { opusSamples } from '../../lib/codec/opus.js';
import { parseVp9KeyFrame, vp9ConfigOf } from '../../lib/codec/vp9.js';
import { enhancedAudio, enhancedVideo, flvHeader, flvTag } from './flv-writer.js';

/** @typedef {import('../../lib/bytes.js').Bytes} Bytes */
/** @typedef {{ ms: number, order: number, tag: Bytes }} TimedTag */

const IVF_HEADER = 32;
const IVF_FRAME_HEADER = 12;

/** @param {Bytes} file @returns {{ codec: string, frames: { ms: number, data: Bytes }[] }} */
export function readIvf(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const codec = String.fromCharCode(...file.subarray(8, 12));
  const msPerTick = (1000 * view.getUint32(20, true)) / view.getUint32(16, true);
  const frames = [];
  for (let at = IVF_HEADER; at + IVF_FRAME_HEADER <= file.length;) {
    const size = view.getUint32(at, true);
    const ticks = Number(view.getBigUint64(at + 4, true));
    const start = at + IVF_FRAME_HEADER;
    frames.push({ ms: Math.round(ticks * msPerTick), data: file.subarray(start, start + size) });
    at = start + size;
  }
  return { codec, frames };
}

/** @param {Bytes} file an Ogg file of one stream @returns {Bytes[]} its packets */
export function readOgg(file) {
  /** @type {Bytes[]} */
  const packets = [];
  /** @type {Bytes[]} */
  let parts = [];
  for (let at = 0; at + 27 <= file.length;) {
    const segments = file[at + 26] ?? 0;
    const table = file.subarray(at + 27, at + 27 + segments);
    let body = at + 27 + segments;
    for (const length of table) {
      parts.push(file.subarray(body, body + length));
      body += length;
      if (length === 255) continue; // goes on in the next segment
      packets.push(concat(parts));
      parts = [];
    }
    at = body;
  }
  return packets;
}

/** @param {Bytes} frame of AV1 @returns {boolean} whether it has a sequence header: a key frame */
function hasSequenceHeader(frame) {
  return av1ConfigOf(frame) !== null;
}

/** @param {Bytes} ivf @returns {TimedTag[]} */
function videoTags(ivf) {
  const { codec, frames } = readIvf(ivf);
  const fourcc = codec === 'AV01' ? 'av01' : 'vp09';
  const isKey =
    codec === 'AV01'
      ? hasSequenceHeader
      : (/** @type {Bytes} */ data) => parseVp9KeyFrame(data) !== null;
  const first = frames[0]?.data ?? new Uint8Array();
  const vp9 = parseVp9KeyFrame(first);
  const record = vp9 ? vp9ConfigOf(vp9).record : av1ConfigOf(first)?.record;
  if (!record) throw new Error('The first frame of the video is no key frame.');
  const set = { ms: 0, order: 0, tag: flvTag(9, 0, enhancedVideo(fourcc, 0, true, record)) };
  return [
    set,
    ...frames.map(({ ms, data }) => ({
      ms,
      order: 1,
      tag: flvTag(9, ms, enhancedVideo(fourcc, 1, isKey(data), data)),
    })),
  ];
}

/** @param {Bytes} ogg @returns {TimedTag[]} */
function audioTags(ogg) {
  const [head, , ...packets] = readOgg(ogg);
  if (!head || String.fromCharCode(...head.subarray(0, 8)) !== 'OpusHead')
    throw new Error('no Opus');
  let samples = 0;
  return [
    { ms: 0, order: 0, tag: flvTag(8, 0, enhancedAudio('Opus', 0, head)) },
    ...packets.map((packet) => {
      const ms = Math.round(samples / 48);
      samples += opusSamples(packet);
      return { ms, order: 2, tag: flvTag(8, ms, enhancedAudio('Opus', 1, packet)) };
    }),
  ];
}

/** @param {Bytes} ivf @param {Bytes} ogg @returns {Bytes} */
export function enhancedFlv(ivf, ogg) {
  const tags = [...videoTags(ivf), ...audioTags(ogg)];
  tags.sort((a, b) => a.ms - b.ms || a.order - b.order);
  return concat([flvHeader(), ...tags.map(({ tag }) => tag)]);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [ivf, ogg, out] = process.argv.slice(2);
  if (!ivf || !ogg || !out) throw new Error('usage: enhance.js video.ivf audio.ogg out.flv');
  writeFileSync(
    out,
    enhancedFlv(new Uint8Array(readFileSync(ivf)), new Uint8Array(readFileSync(ogg))),
  );
}
