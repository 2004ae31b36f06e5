import { measureContest } from './contest';
import { type PeerId, peersFor } from './peers';
import { slipwayFor } from './slipway';
import type { Subject } from './subjects';

/** The model server against those that others serve the same models with, and against the limit. */
export async function measureEndpoints(subjects: Subject[], peers: PeerId[], seconds: number): Promise<void> {
  for (const subject of subjects)
    await measureContest(
      subject.title,
      [...peersFor(subject, peers), ...slipwayFor(subject)],
      [
        { heading: 'our ONNX is', name: 'Slipway, ONNX, /predict' },
        { heading: 'our pickle is', name: 'Slipway, pickle, /predict' },
      ],
      seconds,
    );
}
