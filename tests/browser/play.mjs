/**
 * Opens a page of a running server in Chromium and says whether the stream on it really plays.
 *
 * node play.mjs --url URL [--seconds N] [--screenshot FILE] [--expect-text TEXT]
 *               [--require picture|sound|nothing] [--timeout S]
 *
 * --seconds     how far the playhead has to move (default 3)
 * --expect-text text that has to be seen on the page; several have to be seen one after another,
 *               and each is told of on the error output
 * --require     what has to play: a moving picture, at least sound, or nothing. Default: picture,
 *               or nothing when a text is expected
 * --timeout     seconds for everything together (default: 45 and the seconds to play)
 *
 * Prints one line of JSON and exits with 0 if all that was asked for came true, else with 1. Waits
 * for conditions, never for a fixed time. The browser is CHROMIUM or /usr/bin/chromium; it is
 * started with an empty profile, which is removed afterwards.
 */

import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const BROWSER_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];
const POLL_MS = 100;
const LAUNCH_MS = 30_000;

/**
 * What is on the page, in the page's own context.
 * @returns {{ time: number, width: number, height: number, paused: boolean, ready: number,
 *   pixels: number[], text: string, stats: unknown }}
 */
function look() {
  const video = document.querySelector('video');
  const canvas = document.createElement('canvas');
  canvas.width = 64;
  canvas.height = 36;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let pixels = [];
  if (video && video.videoWidth > 0 && context) {
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    pixels = Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
  }
  return {
    time: video?.currentTime ?? 0,
    width: video?.videoWidth ?? 0,
    height: video?.videoHeight ?? 0,
    paused: video?.paused ?? true,
    ready: video?.readyState ?? 0,
    pixels,
    text: document.body.innerText,
    stats: globalThis.greenroom?.player.stats() ?? null,
  };
}

/** Whether two reads of the picture differ by more than noise. */
function differ(before, after) {
  return before.some((value, i) => Math.abs(value - (after[i] ?? 0)) > 24);
}

/** Plays: the playhead moves by `seconds`, and with `picture` the picture changes meanwhile. */
async function watch(page, { seconds, picture, timeout }, result) {
  const options = { timeout, polling: POLL_MS };
  await page.waitForFunction(
    (wantsPicture) => {
      const video = document.querySelector('video');
      if (!video || video.paused || video.readyState < 2 || video.currentTime === 0) return false;
      return !wantsPicture || video.videoWidth > 0;
    },
    picture,
    options,
  );
  const start = await page.evaluate(look);
  result.currentTimeStart = start.time;
  await page.waitForFunction(
    (until) => (document.querySelector('video')?.currentTime ?? 0) >= until,
    start.time + seconds,
    options,
  );
  const end = await page.evaluate(look);
  result.pixelsChanged = differ(start.pixels, end.pixels);
}

/** Waits until a text can be seen on the page. */
async function expectText(page, text, timeout) {
  await page.waitForFunction((wanted) => document.body.innerText.includes(wanted), text, {
    timeout,
    polling: POLL_MS,
  });
}

/** @returns what the command line asks for */
function readOptions() {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      seconds: { type: 'string', default: '3' },
      screenshot: { type: 'string' },
      'expect-text': { type: 'string', multiple: true, default: [] },
      require: { type: 'string' },
      timeout: { type: 'string' },
    },
  });
  const seconds = Number(values.seconds);
  const texts = values['expect-text'];
  const need = values.require ?? (texts.length === 0 ? 'picture' : 'nothing');
  const timeout = Number(values.timeout ?? seconds + 45) * 1000;
  if (!values.url) throw new Error('--url is needed');
  if (!Number.isFinite(seconds) || !Number.isFinite(timeout)) throw new Error('not a number');
  if (!['picture', 'sound', 'nothing'].includes(need)) throw new Error(`--require ${need}?`);
  return { url: values.url, seconds, texts, need, timeout, screenshot: values.screenshot };
}

/** Collects what goes wrong in the page; returns the part of it that is the page's own fault. */
function collectErrors(page, errors) {
  const faults = [];
  page.on('pageerror', (error) => {
    errors.push(`uncaught: ${error.stack ?? error.message}`);
    faults.push(error.message);
  });
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    errors.push(message.text());
    if (message.text().includes('Content Security Policy')) faults.push(message.text());
  });
  return faults;
}

/** @returns whether all that was asked for came true */
async function run(page, options, result) {
  const faults = collectErrors(page, result.errors);
  const deadline = Date.now() + options.timeout;
  const left = () => Math.max(1, deadline - Date.now());
  const { need, seconds, texts } = options;
  const picture = need === 'picture';
  try {
    await page.goto(options.url, { timeout: left(), waitUntil: 'domcontentloaded' });
    if (need !== 'nothing') await watch(page, { seconds, picture, timeout: left() }, result);
    for (const wanted of texts) {
      await expectText(page, wanted, left());
      console.error(`seen: ${wanted}`);
    }
  } catch (error) {
    result.errors.push(String(error));
    faults.push('failed');
  }
  await describe(page, options, result);
  if (picture && !result.pixelsChanged) {
    result.errors.push('the picture does not change');
    return false;
  }
  return faults.length === 0;
}

/** What is on the page in the end, whether it went well or not. */
async function describe(page, { screenshot }, result) {
  try {
    const { time, width, height, text, stats } = await page.evaluate(look);
    Object.assign(result, { currentTimeEnd: time, width, height, text, stats });
    if (screenshot) await page.screenshot({ path: screenshot, timeout: LAUNCH_MS });
  } catch (error) {
    result.errors.push(String(error));
  }
}

async function main() {
  const options = readOptions();
  const result = {
    currentTimeStart: 0,
    currentTimeEnd: 0,
    pixelsChanged: false,
    width: 0,
    height: 0,
    text: '',
    errors: [],
    stats: null,
  };
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: BROWSER_ARGS,
    headless: true,
    timeout: LAUNCH_MS,
  });
  let good = false;
  try {
    good = await run(await browser.newPage(), options, result);
  } finally {
    await browser.close();
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = good ? 0 : 1;
}

await main();
