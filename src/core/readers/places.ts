import type { Place } from '../../errors.ts';

/** Gives the place of an offset (UTF-16 units from 0) in a text; lines and columns count from 1. */
export type PlaceAt = (offset: number) => Place;

/** The places of one file's text; also for a text with Windows line ends. */
export function placesIn(file: string, text: string): PlaceAt {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return offset => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}
