/** The lab's images, made from Debian's nginx and busybox: a static page each, and nginx in front of the other's Service. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ociArchive } from '../../../src/host/containerd/oci-image.js';
import type { TarEntry } from '../../../src/host/containerd/tar.js';

export interface LabImage {
  /** Without the registry: `k8s/jack_k8s_nginx-web1:v1`. */
  readonly name: string;
  readonly archive: Buffer;
}

/** A program and the libraries it loads, at the places where it looks for them. */
function programFiles(binary: string): TarEntry[] {
  const files = new Set([binary]);
  const ldd = execFileSync('ldd', [binary], { encoding: 'utf8' });
  for (const m of ldd.matchAll(/(?:=> )?(\/\S+) \(0x/g)) files.add(m[1]!);
  return [...files].map((f) => ({ path: f.slice(1), data: fs.readFileSync(fs.realpathSync(f)), mode: 0o755 }));
}

const text = (file: string, content: string, mode = 0o644): TarEntry => ({ path: file, data: Buffer.from(content), mode });

const nginxConf = (upstream: string, dns: string): string => `
user root;
worker_processes 1;
error_log /dev/stderr warn;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
  access_log /dev/stdout;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi; uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  resolver ${dns} valid=5s;
  server {
    listen 80 default_server;
    root /usr/local/nginx/html;
    location /myapp { set $app ${upstream}; proxy_pass http://$app:80$request_uri; }
  }
}
`;

export function nginxImage(version: string, o: { clusterDomain: string; dns: string }): LabImage {
  const upstream = `uat-tomcat-app1-service.ns-uat.svc.${o.clusterDomain}`;
  return image(`k8s/jack_k8s_nginx-web1:${version}`, {
    files: [
      ...programFiles('/usr/sbin/nginx'),
      text('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
      text('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
      text('etc/nginx/nginx.conf', nginxConf(upstream, o.dns)),
      text('usr/local/nginx/html/index.html', `k8s lab nginx web ${version}\n`),
      text('usr/local/nginx/html/webapp/index.html', `webapp nginx ${version}\n`),
      { path: 'usr/local/nginx/html/webapp/images/' },
      { path: 'usr/local/nginx/html/webapp/static/' },
      ...['run/', 'tmp/', 'var/', 'var/log/', 'var/log/nginx/', 'var/lib/', 'var/lib/nginx/', 'bin/'].map((p) => ({
        path: p,
        mode: 0o1777,
      })),
      { path: 'bin/busybox', data: fs.readFileSync('/bin/busybox'), mode: 0o755 },
      ...['sh', 'ls', 'cat', 'wget', 'tar', 'nslookup', 'stty', 'tty', 'sleep', 'mkdir', 'echo', 'env', 'id'].map((n) => ({
        path: `bin/${n}`,
        link: 'busybox',
      })),
    ] as TarEntry[],
    // As the official image does: requests under way are answered before it ends.
    config: { Entrypoint: ['/usr/sbin/nginx', '-g', 'daemon off;'], StopSignal: 'SIGQUIT' } as never,
  });
}

export function tomcatImage(version: string): LabImage {
  return image(`k8s/jack_k8s_tomcat-app1:${version}`, {
    files: [
      { path: 'bin/', mode: 0o755 },
      { path: 'bin/busybox', data: fs.readFileSync('/bin/busybox'), mode: 0o755 },
      ...['sh', 'ls', 'cat', 'wget', 'tar', 'sleep', 'env'].map((n) => ({ path: `bin/${n}`, link: 'busybox' })),
      text('www/myapp/index.html', `k8s lab tomcat app1 ${version}\n`),
      { path: 'tmp/', mode: 0o1777 },
    ] as TarEntry[],
    config: { Entrypoint: ['/bin/busybox', 'httpd', '-f', '-p', '8080', '-h', '/www'] },
  });
}

function image(name: string, o: { files: TarEntry[]; config: Parameters<typeof ociArchive>[0]['config'] }): LabImage {
  return { name, archive: ociArchive({ name, architecture: 'amd64', files: o.files, config: o.config }) };
}

/** Pushes an image to a registry with basic auth. */
export function push(image: LabImage, registry: string, credentials: string, dir: string): void {
  const file = path.join(dir, `${image.name.replace(/\W/g, '_')}.tar`);
  fs.writeFileSync(file, image.archive);
  execFileSync(
    'skopeo',
    [
      '--insecure-policy',
      'copy',
      '--quiet',
      '--dest-tls-verify=false',
      '--dest-creds',
      credentials,
      `oci-archive:${file}`,
      `docker://${registry}/${image.name}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  fs.rmSync(file);
}
