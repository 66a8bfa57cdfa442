import { readApp, readPlatform, readRegistry, readShape } from './inputs.ts';
import { InputReader, type RawInputs } from './reader.ts';
import { readTarget } from './target.ts';

/** Inputs of the doctor. */
export type DoctorInputs = ReturnType<typeof parseDoctorInputs>;

/** Inputs of the doctor, or one UsageError with every fault. */
export function parseDoctorInputs(raw: RawInputs) {
  const read = new InputReader(raw);
  const inputs = {
    ...readTarget(read, true),
    ...readApp(read),
    ...readShape(read),
    ...readRegistry(read),
    image: read.text('image'),
    platform: readPlatform(read),
    fix: read.boolean('fix'),
    installKeda: read.boolean('install-keda'),
  };
  read.finish();
  return inputs;
}
