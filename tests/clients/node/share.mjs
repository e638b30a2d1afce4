/**
 * Uses a shared object with the npm package `rtmp-client`, and tells what happens.
 *
 * node share.mjs --url rtmp://HOST:PORT/APP/INSTANCE --object NAME [--set JSON]... [--until NAME]
 *                [--clear]
 *
 * --set    a property and its value, as a list; null removes it. One after another, each when the
 *          server has told of the one before
 * --until  then waits until somebody else has set this property
 * --clear  removes everything in the end
 *
 * Prints one line of JSON for each thing that happens: {"status": info}, {"object": info},
 * {"sync": list}, and in the end {"left": {name: value}}. The package speaks as a server whose
 * object is another server's.
 */

import { parseArgs } from 'node:util';
import rtmp from 'rtmp-client';

/** How long the server may take for everything together. */
const LIMIT_MS = 20_000;

/** @param {object} event What has happened. */
function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    object: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    until: { type: 'string' },
    clear: { type: 'boolean', default: false },
  },
});

setTimeout(() => {
  process.stderr.write('the server takes too long\n');
  process.exit(1);
}, LIMIT_MS).unref();

/** The properties that were told of and not asked for yet; everybody who waits looks at them. */
const synced = [];
let look = () => {};

/** Waits until an entry is told that `wanted` accepts. */
function told(wanted) {
  return new Promise((resolve) => {
    look = () => {
      const found = synced.findIndex(wanted);
      if (found < 0) return;
      synced.splice(0, found + 1);
      resolve();
    };
    look();
  });
}

const connection = new rtmp.NetConnection();
await new Promise((resolve) => {
  connection.onStatus = (info) => {
    tell({ status: info });
    resolve();
  };
  if (!connection.connect(values.url)) throw new Error(`no address: ${values.url}`);
});

const object = rtmp.SharedObject.get(values.object, false, connection);
object.onSync = (list) => {
  tell({ sync: list });
  synced.push(...list);
  look();
};
await new Promise((resolve) => {
  object.onStatus = (info) => {
    tell({ object: info });
    resolve();
  };
});
for (const text of values.set) {
  const [name, value] = JSON.parse(text);
  object.setProperty(name, value);
  await told((entry) => entry.name === name);
}
if (values.until !== undefined && object.getProperty(values.until) === null) {
  await told((entry) => entry.name === values.until);
}
if (values.clear) {
  object.clear();
  await told((entry) => entry.code === 'clear');
}
const left = object.getPropertyNames().map((name) => [name, object.getProperty(name)]);
tell({ left: Object.fromEntries(left) });
process.exit(0);
