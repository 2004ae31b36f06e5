import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BodyBudget } from '../../../src/server/http/bodyBudget';
import { Connection } from '../../../src/server/http/connection';
import { Exchange } from '../../../src/server/http/exchange';
import { NodeReply } from '../../../src/server/http/reply';

describe('the budget of bodies', () => {
  it('refuses no answer that is the only one, however long, and others until that has left', () => {
    const budget = new BodyBudget(100);
    budget.holdAnswer(5000);
    assert.throws(() => budget.holdAnswer(1), /Too many long requests at once: their answers/);
    budget.hold(100);
    budget.releaseAnswer(5000);
    for (let answer = 0; answer < 3; answer++) budget.holdAnswer(150);
    assert.throws(() => budget.holdAnswer(1), { status: 503, headers: { 'Retry-After': '1' } });
  });

  it('refuses in words what is too much only once it is packed', async () => {
    const budget = new BodyBudget(100);
    budget.holdAnswer(400);
    const nothing = () => undefined;
    const observer = { started: nothing, ended: nothing, moved: nothing, broken: assert.ifError };
    const server = createServer((request, response) => {
      const connection = new Connection(request.socket, observer);
      const reply = new NodeReply(response);
      const exchange = new Exchange(request, reply, observer, budget, connection);
      connection.begin(exchange, reply);
      exchange.send(200, 'application/octet-stream', randomBytes(200_000));
    });
    await once(server.listen(0), 'listening');
    try {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const reply = await fetch(address, { headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(reply.status, 503);
      assert.match(await reply.text(), /^\{"error":"Too many long requests at once/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
