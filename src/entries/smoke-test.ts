import { smokeTest } from '../commands/smoke-test.ts';
import { readActionInputs } from '../inputs.ts';
import { runAction } from '../run-action.ts';

void runAction(smokeTest, readActionInputs('smoke-test'));
