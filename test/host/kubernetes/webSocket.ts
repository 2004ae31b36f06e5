import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** The server's end of a WebSocket (RFC 6455), of which binary messages alone matter. Emits `message` with a Buffer, and `close`. */
export class WebSocketEnd extends EventEmitter {
  #rest: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #closed = false;

  constructor(private readonly socket: Duplex) {
    super();
    socket.on('data', (piece: Buffer) => this.#take(piece));
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
  }

  send(message: Buffer): void {
    this.#write(opcodes.binary, message);
  }

  close(): void {
    if (this.#closed) return;
    this.#write(opcodes.close, Buffer.from([0x03, 0xe8]));
    this.socket.end();
  }

  #write(opcode: number, payload: Buffer): void {
    if (this.#closed || !this.socket.writable) return;
    const { length } = payload;
    let header: Buffer;
    if (length < 126) header = Buffer.from([0x80 | opcode, length]);
    else if (length < 65536) {
      header = Buffer.from([0x80 | opcode, 126, 0, 0]);
      header.writeUInt16BE(length, 2);
    } else {
      header = Buffer.alloc(10);
      header[0] = 0x80 | opcode;
      header[1] = 127;
      header.writeBigUInt64BE(BigInt(length), 2);
    }
    this.socket.write(Buffer.concat([header, payload]));
  }

  #take(piece: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, piece]);
    for (let frame = this.#frame(); frame; frame = this.#frame()) {
      const { opcode, payload, final } = frame;
      if (opcode === opcodes.close) {
        this.close();
        this.#end();
      } else if (opcode === opcodes.ping) this.#write(opcodes.pong, payload);
      else if (opcode !== opcodes.pong) {
        this.#parts.push(payload);
        if (final) this.emit('message', Buffer.concat(this.#parts.splice(0)));
      }
    }
  }

  #frame(): { opcode: number; payload: Buffer; final: boolean } | undefined {
    const bytes = this.#rest;
    if (bytes.length < 2) return undefined;
    let length = (bytes[1] as number) & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    const mask = bytes.subarray(at, at + 4);
    if (bytes.length < at + 4 + length) return undefined;
    const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length));
    for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] as number) ^ (mask[i % 4] as number);
    this.#rest = bytes.subarray(at + 4 + length);
    return { opcode: (bytes[0] as number) & 0x0f, final: ((bytes[0] as number) & 0x80) !== 0, payload };
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.emit('close');
  }
}

/** Takes an upgrade, with the first of the client's subprotocols that is known. Undefined (and answered) where there is none. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  known: string[],
): WebSocketEnd | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const protocol = offered.find((name) => known.includes(name));
  const key = request.headers['sec-websocket-key'];
  if (!protocol || !key) {
    socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    return undefined;
  }
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'upgrade: websocket',
    'connection: Upgrade',
    `sec-websocket-accept: ${accept}`,
    `sec-websocket-protocol: ${protocol}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return new WebSocketEnd(socket);
}
