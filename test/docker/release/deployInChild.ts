/** Deploys iris to the target that is named, and says each step on its standard output. It is there to be killed. */
import { deploy } from '../../../src/core/release/deploy';
import { subjectOf, targetOf, taskOf } from '../target/support';

async function main(target: string): Promise<void> {
  const subject = await subjectOf('iris');
  await deploy(
    targetOf(target),
    { ...subject, anyway: true },
    {
      ...taskOf(),
      onStep: (step, state) => process.stdout.write(`${step} ${state}\n`),
    },
  );
}

void main(process.argv[2] ?? '');
