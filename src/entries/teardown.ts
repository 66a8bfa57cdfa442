import { teardown } from '../commands/teardown.ts';
import { readActionInputs } from '../inputs.ts';
import { runAction } from '../run-action.ts';

void runAction(teardown, readActionInputs('teardown'));
