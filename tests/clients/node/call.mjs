/**
 * Connects to an application with the npm package `rtmp-client`, calls it, and tells what happens.
 *
 * node call.mjs --url rtmp://HOST:PORT/APP/INSTANCE [--argument JSON]... [--call JSON]...
 *               [--until Closed|Failed|called]
 *
 * --argument  an argument of connect
 * --call      a method to call and its arguments, as a list; called one after another, each when
 *             the one before has been answered
 * --until     before it ends, waits for a status whose code ends so, or with `called` until the
 *             server has called `answered`
 *
 * Prints one line of JSON for each thing that happens:
 * {"status": info}, {"result": value, "type": "..."}, {"error": info}, {"called": [name, ...]}.
 * Methods that the server may call: add(a, b), refuse(), answered(...).
 */

import { parseArgs } from 'node:util';
import rtmp from 'rtmp-client';

/** How long the server may take for everything together. */
const LIMIT_MS = 20_000;

/** @param {object} event What has happened. */
function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Somebody waits for things that happen, by their names. */
class Awaited {
  #seen = new Set();
  #waiting = new Map();

  /** @param {string} name */
  happened(name) {
    this.#seen.add(name);
    this.#waiting.get(name)?.();
  }

  /** @param {string} name */
  wait(name) {
    if (this.#seen.has(name)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(name, resolve);
    });
  }
}

const awaited = new Awaited();

/** A connection with methods that the server calls. */
class Connection extends rtmp.NetConnection {
  constructor() {
    super();
    // The package calls what the object itself has, and nothing of its class.
    this.add = (a, b) => {
      tell({ called: ['add', a, b] });
      return a + b;
    };
    this.refuse = () => {
      tell({ called: ['refuse'] });
      throw new Error('refused');
    };
    this.answered = (...args) => {
      tell({ called: ['answered', ...args] });
      awaited.happened('called');
    };
  }

  onStatus(info) {
    tell({ status: info });
    awaited.happened(info.code.split('.').pop());
    awaited.happened('decided');
  }

  /** Calls a method: resolves when it has been answered. */
  ask([method, ...args]) {
    return new Promise((resolve) => {
      this.call(
        method,
        {
          onResult(value) {
            tell({ result: value, type: value === null ? 'null' : typeof value });
            resolve();
          },
          onStatus(info) {
            tell({ error: info });
            resolve();
          },
        },
        ...args,
      );
    });
  }
}

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    argument: { type: 'string', multiple: true, default: [] },
    call: { type: 'string', multiple: true, default: [] },
    until: { type: 'string' },
  },
});

setTimeout(() => {
  process.stderr.write('the server takes too long\n');
  process.exit(1);
}, LIMIT_MS).unref();

const connection = new Connection();
if (!connection.connect(values.url, ...values.argument.map((text) => JSON.parse(text)))) {
  throw new Error(`no address: ${values.url}`);
}
await awaited.wait('decided');
if (connection.isConnected) {
  // A server that closes the connection answers nothing.
  for (const call of values.call) {
    await Promise.race([connection.ask(JSON.parse(call)), awaited.wait('Closed')]);
  }
}
if (values.until) await awaited.wait(values.until);
connection.close();
