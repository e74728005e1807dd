# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Serving and tests never reach for a model hub.
export HF_HUB_OFFLINE := 1

.PHONY: demo test lint check format soak clean bench-quality bench-latency bench-build

demo: $(INSTALLED)
	$(BIN)/semroute demo

test: lint check

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: $(INSTALLED)
	$(BIN)/pytest -n 2 --dist loadfile -m "not soak"

soak: $(INSTALLED)
	$(BIN)/pytest -n 2 -m soak

# Needs the shared data sets beside the project; see docs/benchmarks.md.
bench-quality: $(INSTALLED)
	$(BIN)/python scripts/bench_quality.py
	$(BIN)/python scripts/bench_certificate.py
	$(BIN)/python scripts/bench_encoders.py

bench-latency: $(INSTALLED)
	$(BIN)/python scripts/bench_latency.py

bench-build: $(INSTALLED)
	$(BIN)/python scripts/bench_build.py

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[build,offline,report,static,dev]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
