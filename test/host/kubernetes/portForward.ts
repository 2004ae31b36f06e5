import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PodRunner } from './podRunner';
import { acceptWebSocket } from './webSocket';

/** What a node speaks; the client offers newer ones too. */
const protocols = ['v4.channel.k8s.io', 'channel.k8s.io'];
const [DATA, ERROR] = [0, 1];

/** Answers an upgrade to a port-forward: channel 0 carries data, channel 1 errors, and each begins with the port's number. */
export function forwardPort(request: IncomingMessage, socket: Duplex, runner: PodRunner, port: number): void {
  const client = acceptWebSocket(request, socket, protocols);
  if (!client) return;
  const number = Buffer.from([port & 0xff, port >> 8]);
  const send = (channel: number, bytes: Buffer) =>
    client.send(Buffer.concat([Buffer.from([channel]), bytes]));
  send(DATA, number);
  send(ERROR, number);
  const url = runner.current?.exitCode === undefined ? runner.current?.url : undefined;
  const refuse = (why: string) => {
    send(ERROR, Buffer.from(`error forwarding port ${String(port)} to pod ${runner.name}: ${why}`));
    client.close();
  };
  if (!url) {
    refuse('connection refused');
    return;
  }
  const pod = connect(Number(url.port), url.hostname);
  pod.on('data', (piece: Buffer) => send(DATA, piece));
  pod.on('error', (error) => refuse(error.message));
  pod.on('close', () => client.close());
  client.on('message', (message: Buffer) => {
    if (message[0] === DATA) pod.write(message.subarray(1));
  });
  client.on('close', () => pod.destroy());
}
