import assert from 'node:assert/strict';
import { UserError } from '../../src/errors.ts';

/** Lines of the UserError that `work` throws; an empty list when it throws nothing. Anything else thrown fails the test. */
export async function faultsOf(work: () => unknown): Promise<readonly string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    assert.ok(error instanceof UserError, `expected a UserError, got ${String(error)}`);
    return error.message.split('\n');
  }
}
