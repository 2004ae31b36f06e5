import 'uplot/dist/uPlot.min.css';
import type { FromPage, ToPage, ViewState } from '../../src/core/protocol/metrics';
import { connectHost, onFailure } from '../shared/host';
import './metrics.css';
import { Page } from './page';

const host = connectHost<FromPage, ToPage, ViewState>();
onFailure((message) => host.post({ type: 'failed', message }));
const root = document.getElementById('root');
if (root) {
  const page = new Page(root, host);
  host.onMessage((message) => page.receive(message));
  host.post({ type: 'ready' });
}
