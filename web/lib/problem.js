/**
 * Why a track cannot be played: a value the remuxer reports and `words.js` turns into sentences.
 */

/**
 * - `no-decoder`: browsers have never had a decoder for the codec
 * - `browser`: this browser has none
 * - `damaged`: the codec's set-up data cannot be read
 * - `no-config`: frames come, but the set-up data never did
 * - `no-key`: frames come, but none that a decoder could begin with
 * - `encrypted`: the frames are encrypted
 * @typedef {'no-decoder' | 'browser' | 'damaged' | 'no-config' | 'no-key' | 'encrypted'}
 *   ProblemReason
 */

/**
 * @typedef {object} Problem
 * @property {'audio' | 'video'} kind
 * @property {string} codec
 * @property {ProblemReason} reason
 * @property {string} detail for people who debug: a MIME type or a parser's message; may be empty
 */

export {};
