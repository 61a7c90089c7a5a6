# Every target sets up what it needs; `make help` lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test thorough lint format docs site dist sbom schema lock bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@echo "setting up $(VENV) (once; takes about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[html,sandbox,docs,dev]'
	@$(BIN)/python -m compileall -q reconciler
	@touch $@

demo: $(READY) ## plan, apply, drift and rollback on the embedded ECR; needs no AWS account
	@$(BIN)/reconcile demo

# Where bytecode is not written, each worker and each process of the tests compiles all of it anew.
test thorough: export PYTHONDONTWRITEBYTECODE =

test: $(READY) ## every test, with the coverage of policy/, plan/ and adopt/ checked
	$(BIN)/python -m pytest -n 2 --dist worksteal -m covering --cov --cov-report=term
	$(BIN)/python -m pytest -n 4 --dist worksteal -m 'not covering'

thorough: export RECONCILE_TEST_TIMES = 10
thorough: test ## the same, with ten times as many examples and kills

lint: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY) ## the pages and pictures made from the code, and the manual page
	$(BIN)/python docs/commands.py > docs/commands.md
	$(BIN)/python docs/keys.py > docs/keys.md
	$(BIN)/python docs/rules.py > docs/rules.md
	$(BIN)/python -m docs.man > docs/man/reconcile.1
	$(BIN)/python docs/diagram.py > docs/images/flow.svg
	$(BIN)/python -m docs.terminal > docs/images/plan.svg
	$(BIN)/python -m docs.comment > docs/images/pull-request.svg

site: $(READY) ## the documentation as a site, build/site/index.html; a warning is an error
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -c docs -d build/doctrees . build/site
	@echo "the site: build/site/index.html"

dist: $(READY) ## the wheel and the sdist, in dist/
	$(BIN)/hatchling build --clean

# cyclonedx-bom has an environment of its own: what it needs makes the import of jsonschema ten times as slow.
sbom: dist ## what the wheel installs with its extras, as CycloneDX: build/ecr-reconcile.cdx.json
	@rm -rf build/sbom build/cyclonedx
	@$(BIN)/python -m venv --without-pip build/cyclonedx
	@$(BIN)/python -m pip --python build/cyclonedx/bin/python install --quiet -c constraints.txt cyclonedx-bom
	@$(BIN)/python -m venv --without-pip build/sbom
	@$(BIN)/python -m pip --python build/sbom/bin/python install --quiet -c constraints.txt \
		"$$(ls dist/*.whl)[html,sandbox]"
	@sed "s/^dynamic = .*/version = \"$$($(BIN)/hatchling version)\"/" pyproject.toml > build/sbom/pyproject.toml
	build/cyclonedx/bin/cyclonedx-py environment build/sbom/bin/python --pyproject build/sbom/pyproject.toml \
		--output-reproducible --output-file build/ecr-reconcile.cdx.json

schema: $(READY) ## the modules that check by the schemas, from schema/
	$(BIN)/python schema/compile.py
	$(BIN)/ruff format $(shell git ls-files '*/compiled_schema.py')

lock: ## resolve the newest versions anew into constraints.txt
	@$(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip install --quiet -e '.[html,sandbox,docs,dev]' cyclonedx-bom
	@$(VENV)-lock/bin/python -m pip freeze --exclude-editable > constraints.txt
	@rm -rf $(VENV)-lock

bench: $(READY) ## the figures of benchmarks/README.md
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/adopt.py
	$(BIN)/python benchmarks/meaning.py
	$(BIN)/python benchmarks/size.py
	$(BIN)/python benchmarks/answers.py
	$(BIN)/python benchmarks/comments.py
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python benchmarks/registry_policy.py
	$(BIN)/python benchmarks/throttled.py

clean: ## remove what make made
	rm -rf $(VENV) $(VENV)-lock $(VENV)-bench build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
