#!/usr/bin/env bash
# Installs what is missing: npm packages always; as root on Debian also the packages that real containers (run) and the tests (test) need.
# Says what it installs, and does nothing where everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}

command -v node >/dev/null || { echo "error: Node.js >= 20.19 is needed: install it and run this again" >&2; exit 1; }
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "setup: npm packages"
  npm ci --no-audit --no-fund --loglevel=error
fi

run_packages="containerd runc containernetworking-plugins iptables nftables conntrack iproute2"
test_packages="$run_packages etcd-server etcd-client docker-registry skopeo nginx-light busybox-static apache2-utils nghttp2-client dnsutils"
case $what in run) packages=$run_packages ;; test) packages=$test_packages ;; *) echo "usage: setup.sh run|test" >&2; exit 2 ;; esac
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then exit 0; fi
missing=""
for p in $packages; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"; done
if [ -n "$missing" ]; then
  echo "setup: Debian packages$missing"
  export DEBIAN_FRONTEND=noninteractive
  # Debian starts what it installs; these run under k8ts or a test, never by themselves.
  policy=/usr/sbin/policy-rc.d
  made_policy=
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; made_policy=1; fi
  trap '[ -z "$made_policy" ] || rm -f '$policy EXIT
  apt-get install -y -qq --no-install-recommends $missing >/tmp/k8ts-apt.log 2>&1 ||
    { apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends $missing >/tmp/k8ts-apt.log 2>&1; } ||
    { tail -5 /tmp/k8ts-apt.log >&2; echo "error: apt-get could not install$missing" >&2; exit 1; }
fi
# kubectl 1.20: Debian's package does not install beside another kubectl, so it is unpacked into a folder.
if [ "$what" = test ] && [ ! -x .cache/kubernetes-client/usr/bin/kubectl ]; then
  mkdir -p .cache/kubernetes-client
  (cd .cache && { apt-get download -qq kubernetes-client >/dev/null 2>&1 || { apt-get update -qq >/dev/null; apt-get download -qq kubernetes-client >/dev/null; }; } && dpkg -x kubernetes-client_*.deb kubernetes-client && rm kubernetes-client_*.deb) ||
    echo "setup: kubectl 1.20 could not be had; its tests are left out"
fi
