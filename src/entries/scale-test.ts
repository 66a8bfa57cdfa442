import { scaleTest } from '../commands/scale-test.ts';
import { readActionInputs } from '../inputs.ts';
import { runAction } from '../run-action.ts';

void runAction(scaleTest, readActionInputs('scale-test'));
