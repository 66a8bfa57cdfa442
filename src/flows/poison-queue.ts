import { RemoteError } from '../errors.ts';
import type { StorageQueue } from './queue-port.ts';

/** Messages that a function gave up; 0 while their queue does not exist, since it is made for the first of them. */
export async function countGivenUp(poison: StorageQueue): Promise<number> {
  try {
    return await poison.count();
  } catch (error) {
    if (error instanceof RemoteError && error.status === 404) return 0;
    throw error;
  }
}
