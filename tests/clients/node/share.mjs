/**
 * Uses a shared object with the npm package `rtmp-client`, and tells what happens to it. The
 * package speaks as one server does to another: flags 0x10, events 12 to 14.
 *
 * node share.mjs --url rtmp://HOST:PORT/APP/INSTANCE --object NAME [--argument JSON]...
 *                [--step JSON]...
 *
 * --argument  an argument of connect
 * --step      what to do next, as a list; each begins when the one before has had its effect:
 *             ["set", KEY, VALUE]    sets a slot and waits until that is told; null removes it
 *             ["refuse", KEY, VALUE] sets a slot and waits for the status that refuses it
 *             ["wait", KEY, VALUE]   waits until somebody else has set the slot, or removed it
 *             ["clear"]              clears the object and waits until it is empty
 *
 * Prints one line of JSON for each thing that happens, and the slots at the end:
 * {"status": info}, {"sync": list}, {"slots": {KEY: VALUE, ...}}.
 */

import { isDeepStrictEqual, parseArgs } from 'node:util';
import rtmp from 'rtmp-client';

/** How long the server may take for everything together. */
const LIMIT_MS = 20_000;

/** @param {object} event What has happened. */
function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Who waits looks again whenever something has happened. */
class Happenings {
  #waiting = [];

  happened() {
    for (const look of this.#waiting.splice(0)) look();
  }

  /** @param {() => boolean} condition */
  async until(condition) {
    while (!condition()) {
      await new Promise((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}

const happenings = new Happenings();
const statuses = [];
/** Every entry of every list that `onSync` was given. */
const synced = [];

/** @param {object} info */
function onStatus(info) {
  tell({ status: info });
  statuses.push(info);
  happenings.happened();
}

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    object: { type: 'string' },
    argument: { type: 'string', multiple: true, default: [] },
    step: { type: 'string', multiple: true, default: [] },
  },
});

setTimeout(() => {
  process.stderr.write('the server takes too long\n');
  process.exit(1);
}, LIMIT_MS).unref();

const connection = new rtmp.NetConnection();
connection.onStatus = onStatus;
if (!connection.connect(values.url, ...values.argument.map((text) => JSON.parse(text)))) {
  throw new Error(`no address: ${values.url}`);
}
await happenings.until(() => statuses.length > 0);
if (!connection.isConnected) throw new Error('not let in');

const object = rtmp.SharedObject.get(values.object, false, connection);
object.onStatus = onStatus;
object.onSync = (list) => {
  tell({ sync: list });
  synced.push(...list);
  happenings.happened();
};

/**
 * Waits until something of the kind is told. What is told next may undo it at once, so that the
 * slots alone do not say whether it was.
 *
 * @param {(entry: object) => boolean} wanted
 */
async function told(wanted) {
  const before = synced.length;
  await happenings.until(() => synced.slice(before).some(wanted));
}

/** Whether two values are the same; null stands for no slot. */
function same(one, other) {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(one ?? null)), other);
}

const steps = {
  async set(key, value) {
    object.setProperty(key, value);
    await told((entry) => entry.name === key && same(entry.newValue, value));
  },
  async refuse(key, value) {
    const before = statuses.length;
    object.setProperty(key, value);
    await happenings.until(() => statuses.length > before);
  },
  async wait(key, value) {
    await happenings.until(() => same(object.getProperty(key), value));
  },
  async clear() {
    object.clear();
    await told((entry) => entry.code === 'clear');
  },
};

await happenings.until(() => statuses.length > 1);
for (const [step, ...args] of values.step.map((text) => JSON.parse(text))) {
  await steps[step](...args);
}
const names = object.getPropertyNames();
tell({ slots: Object.fromEntries(names.map((name) => [name, object.getProperty(name)])) });
object.close();
connection.close();
