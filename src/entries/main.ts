import { deployCommand } from '../commands/deploy.ts';
import { readActionInputs } from '../inputs.ts';
import { runAction } from '../run-action.ts';

void runAction(deployCommand, readActionInputs('deploy'));
