# "make" installs the backup on the cluster that oc or kubectl is logged in to, as the file exports says; that and
# what follows it needs sh, sed, awk, and oc or kubectl.
# The other targets need Node.js 18 or newer and npm. What the project itself needs, Node.js 24 included, comes with
# npm; npm scripts find it first. Go 1.24 or newer builds the test cluster, once.

# Written when `npm ci` has done all of its work: a node_modules without it is half an installation.
INSTALLED := node_modules/.installed
# No notes of npm about itself or about the system's Node.js; its errors stay.
NPM := npm --loglevel=error
RUN := npm run -s

.PHONY: create backupnow update-configmap build-docker-image clean volumes-allow volumes-forbid guard guard-remove
.PHONY: help tools install demo test types lint format build bench bench-volumes cluster-up cluster-down manifests

create: ## Install the backup on the cluster, or change what is installed (the default)
	@sh openshift/create.sh

backupnow: ## Make a backup now, and show its log
	@sh openshift/backupnow.sh

update-configmap: ## Apply changed settings: schedule, time zone, days to retain, secrets
	@sh openshift/update-configmap.sh

build-docker-image: ## Build the image with podman, docker or buildah, or on OpenShift
	@sh openshift/build-image.sh

clean: ## Remove the backup from the cluster; its archives only with REMOVE_ARCHIVES=yes
	@sh openshift/clean.sh

volumes-allow: ## Let the backup copy volumes in a project: PROJECT=shop [QUIESCE=yes] [ROOT=no]
	@sh openshift/volumes-allow.sh

volumes-forbid: ## Take that back: PROJECT=shop; while copies run only with FORCE=yes
	@sh openshift/volumes-forbid.sh

guard: ## Keep the rights of BackupEr pods for BackupEr pods, in the whole cluster
	@sh openshift/guard.sh

guard-remove: ## Take the guard away
	@sh openshift/guard-remove.sh

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-22s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

tools:
	@command -v node >/dev/null || { echo 'There is no node: install Node.js 18 or newer (https://nodejs.org)' >&2; exit 1; }
	@command -v npm >/dev/null || { echo 'There is no npm: it comes with Node.js (https://nodejs.org), or as the package npm' >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' \
	  || { echo "Node.js 18 or newer is needed, and this is $$(node --version): install a newer one (https://nodejs.org)" >&2; exit 1; }

install: $(INSTALLED) ## Install what the project needs into node_modules, unless it is there

# To stderr: the output of the targets that need this belongs to them.
$(INSTALLED): package-lock.json | tools
	@echo 'Installing with npm ci' >&2
	@$(NPM) ci --include=dev --include=optional >&2
	@PATH="$$PWD/node_modules/.bin:$$PATH" node -e 'process.exit(parseInt(process.versions.node) < 24 ? 1 : 0)' \
	  || { echo 'There is no package of Node.js 24 for this system: install Node.js 24 (https://nodejs.org)' >&2; exit 1; }
	@touch $@

demo: install ## Show the tool on a cluster of its own, in about half a minute
	@$(RUN) demo

# The runner's closing lines stay the last ones.
test: install ## Check types, lint and format, and run all tests
	@echo 'types' && $(RUN) types || { echo 'make test: the types are wrong (make types)' >&2; exit 1; }
	@echo 'lint' && $(RUN) lint || { echo 'make test: the linter objects (make lint)' >&2; exit 1; }
	@echo 'format' && $(RUN) format:check || { echo 'make test: files are not formatted (make format)' >&2; exit 1; }
	@echo 'tests' && $(RUN) test

types: install ## Check the types
	@$(RUN) types

lint: install ## Look for mistakes with oxlint
	@$(RUN) lint

format: install ## Format all files with oxfmt
	@$(RUN) format

build: install ## Emit the JavaScript of the image into dist/
	@rm -rf dist
	@$(RUN) build

bench: install ## Measure against a bare download and the old way (OBJECTS=100000 make bench; default 10000; PAGES=cache)
	@$(RUN) bench

bench-volumes: install ## Measure copies of volumes against plain rsync (ARGS='--gigabytes 1 --files 20000'; default 10 and 200000)
	@$(RUN) bench:volumes -- $(ARGS)

cluster-up: install ## Start a cluster in the background; its last line sets KUBECONFIG
	@$(RUN) cluster up

cluster-down: install ## End the cluster that cluster-up has started
	@$(RUN) cluster down

manifests: install ## Write the templates in openshift/ from its overlays
	@$(RUN) manifests
