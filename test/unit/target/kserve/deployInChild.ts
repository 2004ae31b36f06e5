/** Deploys iris with KServe in the cluster of a kubeconfig, and says each step on its standard output. It is there to be killed. */
import { deploy } from '../../../../src/core/release/deploy';
import { deploymentOfIris, taskOf } from '../kubernetes/support';
import { kserveTargetAt } from './support';

async function main(kubeconfig: string): Promise<void> {
  await deploy(
    kserveTargetAt(kubeconfig, new Map()),
    { ...(await deploymentOfIris()), anyway: true },
    { ...taskOf(), onStep: (step, state) => process.stdout.write(`${step} ${state}\n`) },
  );
}

void main(process.argv[2] ?? '');
