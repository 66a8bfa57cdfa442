import type { Command } from '../commands/command.ts';
import { readActionInputs } from '../inputs.ts';
import { runAction } from '../run-action.ts';

const command: Command = async (...call) => (await import('../commands/doctor.ts')).doctor(...call);

void runAction(command, readActionInputs('doctor'));
