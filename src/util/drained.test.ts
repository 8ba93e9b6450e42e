import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { drained } from './drained.js';

it.each(['drain', 'close'] as const)('waits for %s, many times, and leaves no listener', async (event) => {
  const stream = new EventEmitter();
  for (let i = 0; i < 50; i++) {
    const waiting = drained(stream);
    stream.emit(event);
    await waiting;
  }
  expect([stream.listenerCount('drain'), stream.listenerCount('close')]).toEqual([0, 0]);
});
