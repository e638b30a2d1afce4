/**
 * Where the bytes come from: one FLV stream over HTTP or over a WebSocket, at the same address.
 *
 * Owns the transport and says in words how it ended. Does not retry: that is the player's policy.
 */

/** @typedef {import('./bytes.js').Bytes} Bytes */

/** @typedef {'http' | 'ws'} Via */

/**
 * - `ended`: the server finished the stream
 * - `lost`: the connection broke
 * - `absent`: nobody publishes that stream now
 * - `refused`: the server will not serve it; asking again is of no use
 * @typedef {'ended' | 'lost' | 'absent' | 'refused'} EndReason
 */

/**
 * @typedef {object} SourceEnd
 * @property {EndReason} reason
 * @property {string} words what happened, for people
 */

/**
 * @typedef {object} SourceHandlers
 * @property {(bytes: Bytes) => void} onData
 * @property {(end: SourceEnd) => void} onEnd called once, and not after `close`
 */

/** @typedef {{ close: () => void }} Source */

/**
 * The address of a stream for one transport.
 * @param {string} address path or URL of the stream; `http:` and `ws:` are exchanged as needed
 * @param {Via} via
 * @param {string} base URL of the page
 * @returns {string}
 * @throws {TypeError} when `address` is no URL
 */
export function streamUrl(address, via, base) {
  const url = new URL(address, base);
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const scheme = via === 'ws' ? 'ws' : 'http';
  // Assigning `protocol` across schemes is ignored by some engines, so the text is changed.
  return url.href.replace(/^[a-z]+:/, `${scheme}${secure ? 's' : ''}:`);
}

/**
 * Starts to receive a stream.
 * @param {string} address path or URL
 * @param {Via} via
 * @param {SourceHandlers} handlers
 * @returns {Source}
 */
export function openSource(address, via, handlers) {
  const url = streamUrl(address, via, location.href);
  return via === 'ws' ? openWebSocket(url, handlers) : openHttp(url, handlers);
}

/**
 * @param {SourceHandlers} handlers
 * @returns {{ end: (reason: EndReason, words: string) => void, stop: () => boolean }}
 *   `end` reports once; `stop` says whether it was the first to finish
 */
function once(handlers) {
  let over = false;
  return {
    end(reason, words) {
      if (over) return;
      over = true;
      handlers.onEnd({ reason, words });
    },
    stop() {
      const first = !over;
      over = true;
      return first;
    },
  };
}

/** @param {string} url @param {SourceHandlers} handlers @returns {Source} */
function openHttp(url, handlers) {
  const abort = new AbortController();
  const state = once(handlers);
  receive(url, abort.signal, handlers, state.end).catch((/** @type {unknown} */ error) => {
    state.end('lost', `The connection broke: ${errorText(error)}.`);
  });
  return {
    close() {
      if (state.stop()) abort.abort();
    },
  };
}

/** @param {unknown} error */
function errorText(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {SourceHandlers} handlers
 * @param {(reason: EndReason, words: string) => void} end
 */
async function receive(url, signal, handlers, end) {
  const response = await fetch(url, { signal, cache: 'no-store' });
  if (!response.ok || !response.body) {
    const { reason, words } = refusal(response.status);
    end(reason, words);
    await response.body?.cancel();
    return;
  }
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) break;
    handlers.onData(value);
  }
  end('ended', 'The stream has ended.');
}

/**
 * What an HTTP status means for a player.
 * @param {number} status
 * @returns {SourceEnd}
 */
export function refusal(status) {
  if (status === 404 || status === 410) {
    return { reason: 'absent', words: 'Nobody is publishing this stream right now.' };
  }
  if (status === 401 || status === 403) {
    return { reason: 'refused', words: 'The server does not allow you to watch this stream.' };
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return { reason: 'refused', words: `The server refused the request (HTTP ${status}).` };
  }
  return { reason: 'lost', words: `The server cannot serve the stream now (HTTP ${status}).` };
}

/** Close codes of RFC 6455 §7.4.1 that a server uses to refuse for good. */
const POLICY_VIOLATION = 1008;
const NORMAL = new Set([1000, 1001]);

/** @param {string} url @param {SourceHandlers} handlers @returns {Source} */
function openWebSocket(url, handlers) {
  const state = once(handlers);
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  let opened = false;
  socket.onopen = () => {
    opened = true;
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) handlers.onData(new Uint8Array(data));
  };
  socket.onclose = ({ code, reason }) => {
    if (!opened) {
      // A browser does not tell a script why a handshake failed: no stream, or no server.
      state.end('absent', 'The stream is not there, or the server cannot be reached.');
    } else if (NORMAL.has(code)) {
      state.end('ended', reason || 'The stream has ended.');
    } else if (code === POLICY_VIOLATION) {
      state.end('refused', reason || 'The server does not allow you to watch this stream.');
    } else {
      state.end('lost', reason || `The connection broke (code ${code}).`);
    }
  };
  return {
    close() {
      if (!state.stop()) return;
      socket.onmessage = null;
      socket.close();
    },
  };
}
