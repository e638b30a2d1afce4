/** Where the wire vectors shared by all languages are. */

import { pathToFileURL } from 'node:url';
import { concat } from '../../lib/bytes.js';
import { unhex } from './flv-writer.js';

/** @returns {URL} ends with a slash */
export function vectorsFolder() {
  const folder = process.env['GREENROOM_VECTORS'];
  return folder ? pathToFileURL(`${folder}/`) : new URL('../../../tests/vectors/', import.meta.url);
}

/**
 * The bytes of a vector: written out, or a beginning and one byte repeated.
 * @param {{ hex?: string, hex_prefix?: string, fill?: string, fill_count?: number }} vector
 */
export function bytesOf({ hex, hex_prefix: prefix, fill, fill_count: count }) {
  if (hex !== undefined) return unhex(hex);
  return concat([
    unhex(prefix ?? ''),
    new Uint8Array(count ?? 0).fill(unhex(fill ?? '00')[0] ?? 0),
  ]);
}
