# Two commands for a fresh machine: `make up` and `make test`. Everything else is listed by `make help`.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up down status bootstrap bootstrap-dev checkov test stories properties rehearse kind-cluster test-cluster test-fast faults lint format lock bench docs diagrams clean

# The first Python of 3.11 or later; PYTHON=/path/to/python chooses another one.
PYTHON ?=
candidates = $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)
# A chosen one that cannot serve is refused: another in its place would be noticed late, if ever.
define find_python
for p in $(candidates); do \
  if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python="$$p"; break; fi; \
done; \
if [ -z "$$python" ]; then \
  if [ -n '$(PYTHON)' ]; then \
    echo "error: PYTHON=$(PYTHON) is no Python 3.11 or later that runs here: name another one, or leave PYTHON out" >&2; \
  else \
    echo "error: Flaskship needs Python 3.11 or later, and none was found: install one, or name it with PYTHON=/path/to/python" >&2; \
  fi; \
  exit 4; \
fi
endef

help: ## list what make can do
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | while IFS='|' read -r n d; do printf '%-18s %s\n' "  make $$n" "$$d"; done

bootstrap: ## install the flaskship command into .venv
	@$(find_python); "$$python" scripts/bootstrap.py runtime

bootstrap-dev: ## install what the tests and linters need, too
	@$(find_python); "$$python" scripts/bootstrap.py dev

up: bootstrap ## run dev (API + Worker) on this machine; returns when it is healthy
	@.venv/bin/flaskship up dev --detach

down: ## stop everything that runs on this machine; data stays
	@if [ -x .venv/bin/flaskship ]; then .venv/bin/flaskship down --all; else echo "nothing runs: make up was never called"; fi

status: bootstrap ## show what runs
	@.venv/bin/flaskship status

lint: bootstrap-dev ## formatter, linter, types, import contracts
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@cd app && MYPYPATH=. ../.venv/bin/mypy --config-file= --strict -p tomorrows
	@MYPYPATH=src:. .venv/bin/mypy --config-file= --explicit-package-bases --ignore-missing-imports --check-untyped-defs tests/cluster tests/contract benchmarks
	@.venv/bin/lint-imports

test: lint ## everything that needs no cluster: under 8 minutes on 2 cores
	@.venv/bin/python scripts/run_tests.py

stories: bootstrap-dev ## the proof: the real command, real processes, kills and bad luck (minutes)
	@.venv/bin/python scripts/run_tests.py stories

EXAMPLES ?= 400
properties: bootstrap-dev ## EXAMPLES=400 generated values through the chart, others each time, for every Kubernetes (minutes)
	@FLASKSHIP_EXAMPLES=$(EXAMPLES) .venv/bin/python -m pytest tests/integration/chart/test_properties.py -q --timeout 1800

checkov: bootstrap ## Checkov on the rendered manifests and on Terraform: no finding without an accepted reason
	@$(find_python); "$$python" scripts/bootstrap.py checkov
	@.venv/bin/python scripts/scan_manifests.py
	@.venv/bin/python scripts/scan_terraform.py

rehearse: bootstrap-dev ## the AWS infrastructure applied, checked and destroyed on this machine (minutes; needs terraform)
	@.venv/bin/flaskship aws draw --check
	@.venv/bin/flaskship aws rehearse --env prod
	@.venv/bin/python -m pytest tests/integration/aws/test_rehearsal.py tests/integration/aws/test_saved_plans.py -q

kind-cluster: bootstrap ## a cluster for test-cluster by kind, with Argo Rollouts, metrics and the image (needs kind and docker)
	@sh scripts/kind_cluster.sh

test-cluster: bootstrap-dev ## deploys, verdicts and bad luck on the cluster that KUBECONFIG names, in namespaces of its own
	@.venv/bin/python scripts/run_tests.py cluster

test-fast: bootstrap-dev ## the unit tests alone
	@.venv/bin/python -m pytest tests/unit tests/contract -q -m "not slow"

faults: bootstrap-dev ## kill every process at every durable step, and inject each fault of the matrix
	@rm -f build/faults.jsonl
	@.venv/bin/python -m pytest tests/faults --all-faults -q -n 2; outcome=$$?; .venv/bin/python -m tests.faults.report; exit $$outcome

format: bootstrap-dev ## rewrite the Python files in the one format
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

docs: bootstrap-dev ## write the generated references again
	@.venv/bin/python scripts/generate_docs.py

diagrams: bootstrap-dev ## draw docs/diagrams again (needs terraform where the infrastructure has changed)
	@.venv/bin/flaskship aws draw

bench: bootstrap-dev ## the benchmarks, both sides in one run
	@.venv/bin/python -m benchmarks

lock: bootstrap-dev ## resolve the requirements again, hashes without hosts
	@sh scripts/lock.sh

clean: down ## remove what was installed and built; the environments' data stays
	@rm -rf .venv .venv-checkov .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
	@find . -name __pycache__ -type d -prune -not -path './.flaskship/*' -exec rm -rf {} +
