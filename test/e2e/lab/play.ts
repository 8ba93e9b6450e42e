/** `make lab`: the lab's story, told as it happens. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Lab, nodeAddress } from './lab.js';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-lab-'));
const title = (text: string) => console.log(`\n\x1b[1m${text}\x1b[0m`);
const pause = (ms: number) => new Promise((r) => setTimeout(r, ms));
if (process.getuid?.() !== 0) {
  console.error('error: the lab runs real containers: run it as root on Debian (make test shows what else runs without)');
  process.exit(1);
}

title('A private registry, three images, and a cluster');
const lab = await Lab.start(dir, (line) => console.log(`  ${line}`));
process.on('SIGINT', () => void lab.stop().then(() => process.exit(130)));
const k = (args: string) => {
  console.log(`\n$ kubectl ${args}`);
  const { out, err } = lab.kubectl.try(args);
  process.stdout.write(out + err);
};
try {
  k('get nodes -o wide');
  title('Two applications behind node ports; nginx passes /myapp on to tomcat by its Service name');
  console.log(lab.apply());
  k('-n ns-uat wait --for=condition=Available deploy --all --timeout=60s');
  k('-n ns-uat get deploy,pods,svc -o wide');
  for (const page of ['/', '/webapp/index.html', '/myapp/index.html']) {
    let said = await lab.page(page);
    for (let i = 0; i < 50 && !said.startsWith('k8s') && !said.startsWith('webapp'); i++) {
      await pause(200);
      said = await lab.page(page);
    }
    console.log(`$ curl http://${nodeAddress()}:30016${page}\n${said}`);
  }
  title('A rollout to v2 while requests keep coming');
  const load = lab.load();
  k('-n ns-uat set image deploy/uat-nginx-deployment uat-nginx-container=harbor.haostack.com/k8s/jack_k8s_nginx-web1:v2');
  k('-n ns-uat rollout status deploy/uat-nginx-deployment --timeout=60s');
  await pause(1000);
  const { answers, failures } = await load.stop();
  console.log(`${answers} requests answered, ${failures.length} failed; the page now says: ${await lab.page('/')}`);
  k('-n ns-uat rollout history deploy/uat-nginx-deployment');
  title('Back to the first revision');
  k('-n ns-uat rollout undo deploy/uat-nginx-deployment --to-revision=1');
  k('-n ns-uat rollout status deploy/uat-nginx-deployment --timeout=60s');
  // Service rules follow the endpoints within a second or so of the rollout's end, as with the original.
  const until = Date.now() + 10_000;
  let page = await lab.page('/');
  while (!page.includes('v1') && Date.now() < until) {
    await new Promise((r) => setTimeout(r, 200));
    page = await lab.page('/');
  }
  console.log(`the page says: ${page}`);
  k('-n ns-uat get events --sort-by=.lastTimestamp');
} finally {
  title('Everything is taken off the machine again');
  await lab.stop();
  fs.rmSync(dir, { recursive: true, force: true });
  console.log('done');
}
