#!/bin/sh
# Resolve every requirements file again. --no-emit-index-url and --no-header keep hosts out of the repository.
set -eu
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url "$@"; }
compile app/requirements.in -o app/requirements.txt
compile pyproject.toml requirements/flaskship.in -o requirements/flaskship.txt
compile requirements/checkov.in -o requirements/checkov.txt
compile pyproject.toml requirements/dev.in -c app/requirements.txt -c requirements/flaskship.txt -o requirements/dev.txt
