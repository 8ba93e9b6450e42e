/** A worker thread that asks for a page on new connections, four at a time, until it is told to stop: nothing the test does holds it up. */
import http from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const AT_ONCE = 4;
const PAUSE_MS = 10;
const ANSWER_MS = 5_000;
const { url, limitMs } = workerData;

let going = true;
let answers = 0;
const failures = [];
const end = Date.now() + limitMs;

const ask = () =>
  new Promise((resolve) => {
    const failed = (why) => {
      failures.push(`${new Date().toISOString()} ${why}`);
      resolve();
    };
    const req = http.get(url, { agent: false, timeout: ANSWER_MS }, (res) => {
      res.resume();
      res.on('error', (e) => failed(e.message));
      res.on('end', () => {
        if (res.statusCode !== 200) return failed(`status ${res.statusCode}`);
        answers++;
        resolve();
      });
    });
    req.on('timeout', () => req.destroy(new Error(`no answer in ${ANSWER_MS / 1000} s`)));
    req.on('error', (e) => failed(e.message));
  });

const worker = async () => {
  while (going && Date.now() < end) {
    await ask();
    await new Promise((r) => setTimeout(r, PAUSE_MS));
  }
};
parentPort.once('message', () => (going = false));
await Promise.all(Array.from({ length: AT_ONCE }, worker));
parentPort.postMessage({ answers, failures });
