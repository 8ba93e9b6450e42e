.PHONY: help up down status lab build check test mutation fuzz bench bench-etcd setup setup-test
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

up: build ## Start a cluster on this machine and wait until it is ready
	@bin/k8ts up --detach $(ARGS)

down: ## Stop it and remove everything of it from the machine (the data stays)
	@bin/k8ts down $(ARGS)

status: ## Say whether it runs
	@bin/k8ts status $(ARGS)

lab: setup-test build ## Play the lab step by step: a registry, images, two web applications, a rollout (root, containerd)
	@node scripts/lab.mjs

build: setup ## Build dist/
	@node scripts/generate-types.mjs
	@node scripts/build.mjs

check: setup ## Types, lint, rooms and unit tests
	@node scripts/generate-types.mjs
	@npx tsc --noEmit
	@npx biome check --diagnostic-level=error .
	@node scripts/lint-rooms.mjs
	@node scripts/lint-tables.mjs
	@npx vitest run --project unit --reporter=dot

test: setup-test build ## All tests that this machine can run
	@node scripts/test.mjs

mutation: setup ## Change the code that decides, a little at a time, and see that a unit test notices (a quarter of an hour)
	@node scripts/generate-types.mjs
	@npx stryker run

fuzz: setup ## Bend the input of every reader of outside text for an hour
	@node scripts/generate-types.mjs
	@FUZZ_SECONDS=3600 FUZZ_SEED=$$(date +%s) npx vitest run --project integration test/fuzz test/security/wide.test.ts

bench: setup-test build ## Measure, beside the peers where they can be had
	@node scripts/bench.mjs

bench-etcd: setup-test build ## Measure the etcd API beside the real etcd
	@node test/bench/etcd.mjs

setup:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test
