# What one does here, by name. `make` alone tells.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build run openapi test test-contract samples fuzz fuzz-seeds fmt lint doc check bench clean-data

TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET)/debug/creator-audit
# With live platforms a database of its own: stand-in facts and real ones do not mix.
DATA := data/$(if $(LIVE),live,sandbox).db

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

build: ## Build the binary (debug)
	@cargo build --workspace --bin creator-audit

run: build ## Run everything in one process with demo data; LIVE=1 reads the real platforms
	@mkdir -p data
	@CREATOR_AUDIT__DATABASE__URL="$${CREATOR_AUDIT__DATABASE__URL:-sqlite://$(DATA)}" \
	  CREATOR_AUDIT__EXPORTS__URL="$${CREATOR_AUDIT__EXPORTS__URL:-file:data/exports}" \
	  CREATOR_AUDIT__LOG__FILTER="$${CREATOR_AUDIT__LOG__FILTER:-warn}" \
	  exec $(BINARY) dev $(if $(LIVE),,--sandbox) --demo

openapi: build ## Write crates/api/openapi.json, the published form of the API, anew
	@$(BINARY) openapi > $(TARGET)/openapi.json
	@mv $(TARGET)/openapi.json crates/api/openapi.json

test: ## Every test, on SQLite and on PostgreSQL with Redis; T=name picks
	@tests/run $(T)

test-contract: ## Calls made up from the OpenAPI document, against both pairs; EXAMPLES=200 of each operation, SEED=n repeats a run
	@tests/contract/run

samples: ## What is read in every recorded page against what stands in it
	@cargo build --workspace --bin creator-audit --bin samples
	@$(TARGET)/debug/samples

fuzz: fuzz-seeds ## Hostile bytes to one reader, T=instagram|tiktok|youtube|pinterest|addresses, for SECONDS=600
	@fuzz/run $(or $(T),instagram) $(or $(SECONDS),600)

fuzz-seeds: ## Pages for `make fuzz` to begin with: the sandbox's and the recorded ones
	@cargo build --workspace --bin creator-audit --bin fuzz-seeds
	@$(TARGET)/debug/fuzz-seeds fuzz/corpus

fmt: ## Format the code
	@cargo fmt --all

lint: ## Formatting and clippy, as CI holds them
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets -- -D warnings

doc: ## The crates' documentation, with warnings denied
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

check: ## All that CI checks
	@.ci/run

TWIN := $(TARGET)/twin/bin/python
bench: ## Measure the API, the way from a POST to its metrics and the reading of pages; BENCH="--only api --quick" and other options
	@cargo build --release --workspace --bin creator-audit --bin bench
	@test -e $(TWIN).ready || { python3 -m venv $(TARGET)/twin && $(TWIN) -m pip install -q -r tests/bench/twin/requirements.txt \
	  && touch $(TWIN).ready; } || echo "no twin in Python: its packages cannot be had"
	@$(TARGET)/release/bench $$(test -e $(TWIN).ready && echo --twin $(TWIN)) $(BENCH)
	@if python3 -c 'import yt_dlp' 2>/dev/null; then python3 tests/bench/ytdlp_tiktok.py; \
	else echo "yt-dlp's reading of the same TikTok pages: tests/bench/ytdlp_tiktok.py, see CONTRIBUTING.md"; fi

clean-data: ## Throw away what `make run` collected
	@rm -rf data
