import type { FromPage, ToPage } from '../../src/core/protocol/release';
import { connectHost, onFailure } from '../shared/host';
import type { Kept } from './kept';
import { Page } from './page';
import './release.css';

const host = connectHost<FromPage, ToPage, Kept>();
onFailure((message) => host.post({ type: 'failed', message }));
const root = document.getElementById('root');
if (root) {
  const page = new Page(root, host);
  host.onMessage((message) => page.receive(message));
  host.post({ type: 'ready' });
}
