/**
 * Three movies in Ruffle in Chromium chat with each other and with one more client, over the
 * server's WebSocket for XML sockets.
 *
 * node chat.mjs --movie FILE.swf --port PORT --screenshots FOLDER
 *
 * The other client is called "raw" and is in the room "Lobby" already. It is told what to do by
 * lines on the output: "did: greeted" when ann has spoken to all, "did: whispered" when bob has
 * spoken to it alone, after which it has to say "I heard you" to all; "did: moved" when ann and
 * bob are in another room. The last line is JSON: what each movie traced. Exits with 0 if
 * everything came true. Waits for conditions, never for a fixed time. The browser is CHROMIUM or
 * /usr/bin/chromium.
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const BROWSER_ARGS = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];
const LAUNCH_MS = 30_000;
const WAIT_MS = 60_000;
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
const RUFFLE = new URL('node_modules/@ruffle-rs/ruffle/', import.meta.url).pathname;

/** Where the movie draws its list of rooms: the middle of the first, and the height of each. */
const ROOMS = { x: 340, y: 161, height: 24 };

/** The page that holds the movie, with the one setting a site has to make for old movies. */
function page(port) {
  const config = {
    socketProxy: [{ host: '127.0.0.1', port, proxyUrl: `ws://127.0.0.1:${port}/` }],
    autoplay: 'on',
    unmuteOverlay: 'hidden',
    splashScreen: false,
    publicPath: '/ruffle/',
  };
  const parameters = { host: '127.0.0.1', port: String(port) };
  return `<!doctype html><title>chat</title><style>body { margin: 0 } #movie { width: 400px; height: 300px }</style>
<div id="movie"></div>
<script>window.RufflePlayer = { config: ${JSON.stringify(config)} }; window.traced = [];</script>
<script src="/ruffle/ruffle.js"></script>
<script>
  const player = window.RufflePlayer.newest().createPlayer();
  player.style.width = '400px';
  player.style.height = '300px';
  document.getElementById('movie').appendChild(player);
  const api = player.ruffle(1);
  // It can be set only once the movie's instance is there.
  const observing = setInterval(() => {
    try { api.traceObserver = (line) => window.traced.push(line); } catch { return; }
  }, 5);
  api.load({ url: '/chat.swf', parameters: ${JSON.stringify(parameters)} })
    .catch((error) => window.traced.push('failed: ' + error));
</script>`;
}

/** Serves the page, Ruffle and the movie; its address. */
async function serve(movie, port) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://here').pathname;
    try {
      let body = page(port);
      let type = 'text/html; charset=utf-8';
      if (path === '/chat.swf') {
        body = await readFile(movie);
        type = 'application/x-shockwave-flash';
      } else if (path.startsWith('/ruffle/')) {
        body = await readFile(join(RUFFLE, basename(path)));
        type = TYPES[extname(path)] ?? 'application/octet-stream';
      }
      response.writeHead(200, { 'content-type': type }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** One movie on a page of its own. */
class Movie {
  constructor(name, page) {
    this.name = name;
    this.page = page;
  }

  static async open(context, url, name) {
    const page = await context.newPage();
    await page.setViewportSize({ width: 420, height: 320 });
    const movie = new Movie(name, page);
    page.on('pageerror', (error) => process.stderr.write(`${name}: ${error}\n`));
    await page.goto(url);
    await movie.sees('connected');
    return movie;
  }

  /** Waits until the movie has traced this line, after `after` others. */
  async sees(line, after = 0) {
    const seen = ([wanted, from]) => window.traced.slice(from).includes(wanted);
    try {
      await this.page.waitForFunction(seen, [line, after], { timeout: WAIT_MS, polling: 50 });
    } catch (error) {
      const traced = JSON.stringify(await this.traced());
      throw new Error(`${this.name} does not see ${JSON.stringify(line)}: ${traced}`, { cause: error });
    }
  }

  /** Waits until the last list of this kind that the movie traced has these names in any order. */
  async lists(kind, names) {
    const wanted = [...names].sort().join(',');
    const seen = ([kind, wanted]) => {
      const lists = window.traced.filter((line) => line.startsWith(`${kind} `));
      const last = lists.at(-1)?.slice(kind.length + 1).split(',').sort().join(',');
      return last === wanted;
    };
    try {
      await this.page.waitForFunction(seen, [kind, wanted], { timeout: WAIT_MS, polling: 50 });
    } catch (error) {
      const traced = JSON.stringify(await this.traced());
      throw new Error(`${this.name} does not list ${kind} ${wanted}: ${traced}`, { cause: error });
    }
  }

  traced() {
    return this.page.evaluate(() => window.traced);
  }

  /** Types a line into the movie's field, with the keyboard. */
  async types(line) {
    await this.page.bringToFront();
    await this.page.mouse.click(150, 286);
    await this.page.keyboard.type(line);
    await this.page.keyboard.press('Enter');
  }

  /** Clicks a room in the movie's list. */
  async picks(room) {
    const lists = (await this.traced()).filter((line) => line.startsWith('rooms '));
    const place = lists.at(-1).slice('rooms '.length).split(',').indexOf(room);
    if (place < 0) throw new Error(`${this.name} has no room ${room}`);
    await this.page.bringToFront();
    await this.page.mouse.click(ROOMS.x, ROOMS.y + place * ROOMS.height);
  }

  async keepPicture(folder, what) {
    await this.page.bringToFront();
    const path = join(folder, `chat-${this.name}-${what}.png`);
    await this.page.screenshot({ path, timeout: LAUNCH_MS });
  }
}

function tell(what) {
  process.stdout.write(`did: ${what}\n`);
}

/** Everybody comes in, the last one under a name that is somebody's already at first. */
async function enter([ann, bob, cara]) {
  await ann.types('ann');
  await ann.sees('entered Lobby');
  await bob.types('bob');
  await bob.sees('entered Lobby');
  await cara.types('ann');
  const refused = () => window.traced.some((line) => line.startsWith('not logged in: '));
  await cara.page.waitForFunction(refused, null, { timeout: WAIT_MS, polling: 50 });
  await cara.types('cara');
  await cara.sees('entered Lobby');
}

/** What is said to all is heard by all, what is said to one by that one only. */
async function talk(movies, folder) {
  const [ann, bob, cara] = movies;
  for (const movie of movies) await movie.lists('users', ['raw', 'ann', 'bob', 'cara']);
  await ann.types('hello <all> & "everybody"');
  for (const movie of movies) await movie.sees('ann: hello <all> & "everybody"');
  tell('greeted');
  await bob.types('/to raw do you hear me');
  tell('whispered');
  for (const movie of movies) await movie.sees('raw: I heard you');
  await cara.types('/to ann psst');
  await ann.sees('cara to you: psst');
  for (const movie of movies) await movie.keepPicture(folder, 'lobby');
}

/** One makes another room, one follows with a click, and the others see them go. */
async function move([ann, bob, cara], folder) {
  await ann.types('/room Den');
  await ann.sees('entered Den');
  await bob.lists('rooms', ['Den', 'Lobby']);
  await bob.picks('Den');
  await bob.sees('entered Den');
  for (const movie of [ann, bob]) await movie.lists('users', ['ann', 'bob']);
  await cara.lists('users', ['cara', 'raw']);
  tell('moved');
  await bob.types('only here');
  await ann.sees('bob: only here');
  for (const movie of [ann, bob, cara]) await movie.keepPicture(folder, 'rooms');
  await bob.picks('Lobby');
  await cara.lists('users', ['cara', 'raw', 'bob']);
}

async function main() {
  const { values } = parseArgs({
    options: {
      movie: { type: 'string' },
      port: { type: 'string' },
      screenshots: { type: 'string' },
    },
  });
  const server = await serve(values.movie, Number(values.port));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: BROWSER_ARGS,
    headless: true,
    timeout: LAUNCH_MS,
  });
  try {
    const context = await browser.newContext();
    const url = `http://127.0.0.1:${server.address().port}/`;
    const movies = [];
    for (const name of ['ann', 'bob', 'cara']) movies.push(await Movie.open(context, url, name));
    await enter(movies);
    await talk(movies, values.screenshots);
    await move(movies, values.screenshots);
    const traced = {};
    for (const movie of movies) traced[movie.name] = await movie.traced();
    process.stdout.write(`${JSON.stringify(traced)}\n`);
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections?.();
  }
}

await main();
