/**
 * Puts the model server under load and under mixed traffic: `npm run soak [-- MINUTES [REQUESTS]]` (default 2 and 50,000).
 *
 * First so many different requests over 64 connections, each answer compared with the model's own. Then servers for several
 * models at once, one with two instances and one of a model of Python: good requests in all forms, bad, huge, slow, hurried, endless and abandoned
 * ones, clients that read slowly, and now and then the worker is killed. At last servers are told to stop while many ask them.
 * Exits with 1 when an answer was wrong or missing, when `/metrics` has not counted exactly what was sent (requests, bytes, rows, values, phases,
 * restarts; within bounds where it can not be told from outside), or when a process has grown by more than its bound since it was warm.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/core/errors';
import { printTable } from '../bench/table';
import { stopServers } from '../unit/server/support/serverProcess';
import { forestSubject } from './forestSubject';
import { stopUnderTraffic } from './lastTraffic';
import { rightUnderLoad } from './load';
import { SoakServer } from './soakServer';
import type { Memory } from './soakServer';
import { subjects } from './subjects';
import type { Subject } from './subjects';

const connections = 64;
const clientsEach = 6;
const killEachSeconds = 7;
const warmSeconds = 20;
/** How many MiB the front and all workers of a server may have more after the soak than when it was warm. */
const growth: Memory = { front: 48, worker: 48 };

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function load(asked: number): Promise<void> {
  const { wrong, words, seconds } = await rightUnderLoad(subjects[0] as Subject, asked, connections);
  for (const each of words) print(`  ${each}`);
  print(
    `${asked} different requests over ${connections} connections in ${seconds.toFixed(1)} s: ${wrong} wrong`,
  );
  if (wrong > 0) process.exitCode = 1;
}

/** All subjects; that of Python where it can be had. */
async function allSubjects(): Promise<Subject[]> {
  try {
    return [...subjects, await forestSubject()];
  } catch (error) {
    print(`No model of Python: ${messageOf(error)}`);
    return subjects;
  }
}

async function soak(all: Subject[], minutes: number): Promise<void> {
  const servers = await Promise.all(all.map((subject) => SoakServer.start(subject)));
  const clients = servers.flatMap((server, index) =>
    Array.from({ length: clientsEach }, (_, client) => server.client(1000 * (index + 1) + client)),
  );
  const seconds = minutes * 60;
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const warmUntil = Math.min(warmSeconds, seconds / 4);
  let warm: Memory[] = [];
  let kill = 0;
  let line = 10;
  while (elapsed() < seconds) {
    await sleep(250);
    if (elapsed() < warmUntil) warm = servers.map((server, index) => most(server.memory(), warm[index]));
    else if (elapsed() > (kill + 1) * killEachSeconds) servers[kill++ % servers.length]?.killWorker();
    if (elapsed() < line) continue;
    line += 10;
    progress(elapsed(), servers);
  }
  for (const server of servers) server.stopClients();
  await Promise.all(clients);
  await sleep(2000);
  await Promise.all(servers.map((server) => server.settle()));
  report(servers, warm);
  await Promise.all(servers.map((server) => server.stop()));
}

/** What they have had at most: a worker that has just been started has little yet. */
function most(now: Memory, before: Memory = now): Memory {
  const greater = (one: number, other: number) => (one > other || Number.isNaN(other) ? one : other);
  return { front: greater(now.front, before.front), worker: greater(now.worker, before.worker) };
}

function progress(seconds: number, servers: SoakServer[]): void {
  const sum = (of: (server: SoakServer) => number) =>
    servers.reduce((total, server) => total + of(server), 0);
  const sent = sum(({ books }) => books.ledger.total);
  print(
    `${seconds.toFixed(0)} s: ${sent} requests, ${(sent / seconds).toFixed(0)}/s, ` +
      `${sum(({ problems }) => problems.length)} problems, ${sum(({ kills }) => kills)} kills, ` +
      `${sum(({ putOff }) => putOff)} put off, fronts ${sum((server) => server.memory().front).toFixed(0)} MiB, ` +
      `workers ${sum((server) => server.memory().worker || 0).toFixed(0)} MiB`,
  );
}

function report(servers: SoakServer[], warm: Memory[]): void {
  const rows = servers.map((server, index) => {
    const { front, worker } = server.memory();
    const before = warm[index] ?? { front, worker };
    if (front > before.front + growth.front)
      server.problems.push(`the front grew to ${front.toFixed(0)} MiB`);
    if (worker > before.worker + growth.worker) {
      server.problems.push(`the worker grew to ${worker.toFixed(0)} MiB`);
    }
    return [
      server.subject.name,
      String(server.books.ledger.total),
      String(server.kills),
      String(server.putOff),
      server.longest.toFixed(1),
      `${before.front.toFixed(0)} → ${front.toFixed(0)}`,
      `${before.worker.toFixed(0)} → ${worker.toFixed(0)}`,
      String(server.problems.length),
    ];
  });
  for (const { subject, problems } of servers)
    for (const words of problems.slice(0, 10)) print(`${subject.name}: ${words}`);
  print('');
  printTable(
    ['server', 'requests', 'kills', 'put off', 'longest s', 'front MiB', 'worker MiB', 'problems'],
    rows,
  );
  print(`Memory may grow by ${growth.front} MiB in the front and ${growth.worker} MiB in the worker.`);
  if (servers.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}

async function stop(all: Subject[]): Promise<void> {
  for (const subject of all) {
    const { answered, finished, turnedAway, problems } = await stopUnderTraffic(subject);
    for (const words of problems.slice(0, 10)) print(`${subject.name}, told to stop: ${words}`);
    print(
      `${subject.name} told to stop: ${answered} answers, ${finished} of them to what it had begun, ` +
        `${turnedAway} clients turned away, ${problems.length} problems`,
    );
    if (problems.length > 0 || finished === 0) process.exitCode = 1;
  }
}

async function main(): Promise<void> {
  try {
    const [minutes = 2, asked = 50_000] = process.argv.slice(2).map(Number);
    await load(asked);
    const all = await allSubjects();
    await soak(all, minutes);
    await stop(all);
  } finally {
    await stopServers();
  }
}

void main();
