import assert from 'node:assert/strict';
import { rightUnderLoad } from '../../soak/load';
import { subjects } from '../../soak/subjects';
import { stopServers } from './support/serverProcess';

describe('the server under load', () => {
  after(stopServers);

  for (const [name, asked] of [
    ['iris', 5000],
    ['centred', 1000],
    ['echo', 500],
  ] as const) {
    it(`gives each of ${asked} different requests to ${name} its own answer`, async () => {
      const subject = subjects.find((one) => one.name === name);
      assert.ok(subject);
      const { wrong, words } = await rightUnderLoad(subject, asked, 64);
      assert.equal(wrong, 0, words.join('\n'));
    });
  }
});
