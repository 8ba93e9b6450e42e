import { describe, expect, it } from 'vitest';
import { readEntries } from './entries.js';

const deep = '['.repeat(600) + ']'.repeat(600);

describe('what managers said they own', () => {
  it.each<[string, object, boolean]>([
    ['fields', { 'f:a': { 'f:b': {} }, '.': {} }, true],
    ['an item by its key', { 'k:{"name":"a"}': {} }, true],
    ['an item by its value', { 'v:"a"': {}, 'v:1': {} }, true],
    ['an item by its place', { 'i:0': {} }, true],
    ['a place that is no number', { 'i:x': {} }, false],
    ['a key that is no object', { 'k:[]': {} }, false],
    ['a key that is no JSON', { 'k:{': {} }, false],
    ['a key that nests without end', { [`k:{"a":${deep}}`]: {} }, false],
    ['a value that is no JSON', { 'v:a': {} }, false],
    ['a value that nests without end', { [`v:${deep}`]: {} }, false],
    ['an element of another kind', { 'x:a': {} }, false],
    ['a set that is a text', { 'f:a': 'x' }, false],
  ])('%s', (_, fieldsV1, right) => {
    const entry = { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 } as const;
    expect(readEntries([entry as never]) !== undefined).toBe(right);
  });
});
