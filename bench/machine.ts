import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from './paths.js';

/** Facts about the machine that the figures depend on. */
export interface MachineFacts {
  cpu: string;
  cores: number;
  memoryGb: number;
  os: string;
  node: string;
  /** Load average when the run began. Above about 0.3 the figures are too low. */
  loadAverage: number;
  versions: Record<string, string>;
}

const VERSIONS_OF = [
  'socket.io',
  'mongoose',
  'express',
  'ws',
  'ioredis',
  '@socket.io/redis-adapter',
  '@socket.io/redis-streams-adapter',
];

function versionOf(name: string): string {
  const file = join(repositoryRoot, 'node_modules', name, 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}

export function readMachineFacts(): MachineFacts {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    loadAverage: Math.round((os.loadavg()[0] ?? 0) * 100) / 100,
    versions: Object.fromEntries(VERSIONS_OF.map((name) => [name, versionOf(name)])),
  };
}
