/**
 * The list of live streams as it changes: server-sent events, with a snapshot at every (re)start.
 */

/**
 * @typedef {object} FeedHandlers
 * @property {(answer: unknown) => void} onStreams the whole list, whenever it may have changed
 * @property {(connected: boolean) => void} onConnected
 */

const RETRY_MS = 3000;

/** @param {FeedHandlers} handlers */
export function followStreams(handlers) {
  const events = new EventSource('/api/streams/events');
  let retrying = false;
  events.addEventListener('open', () => {
    handlers.onConnected(true);
    void snapshot(handlers);
  });
  events.addEventListener('streams', ({ data }) => {
    handlers.onConnected(true);
    handlers.onStreams(parse(String(data)));
  });
  events.addEventListener('error', () => {
    handlers.onConnected(false);
    // The browser retries a broken connection by itself, but not a refused one.
    if (events.readyState !== EventSource.CLOSED || retrying) return;
    retrying = true;
    setTimeout(() => followStreams(handlers), RETRY_MS);
  });
}

/** @param {FeedHandlers} handlers */
async function snapshot(handlers) {
  const answer = await getJson('/api/streams');
  if (answer !== null) handlers.onStreams(answer);
}

/** @param {string} text @returns {unknown} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * @param {string} path
 * @returns {Promise<unknown>} null when the server does not answer as it should
 */
export async function getJson(path) {
  try {
    const response = await fetch(path, { cache: 'no-store' });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
