# The few commands a person types. Each says what it is for in `make help`.
#
# MADOGUCHI_HOME (default ./var) is where everything that runs keeps its files.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
# rustup's own folder, for shells that have not read its profile yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
export MADOGUCHI_HOME ?= $(CURDIR)/var

TARGET    := $(or $(CARGO_TARGET_DIR),target)
# The demonstration has a profile of its own: it is built in a third of the time, and nobody measures it.
MADOGUCHI := $(TARGET)/demo/madoguchi
PROGRAMS  := --bin madoguchi --bin virtual-card --bin madoguchi-demo-relay --bin madoguchi-relay \
             --bin madoguchi-blind --bin madoguchi-my-page --bin madoguchi-back-office --bin madoguchi-card-bridge --bin madoguchi-eligibility --bin madoguchi-publisher
FORCE     ?=

.DEFAULT_GOAL := help
.PHONY: help demo up down status clean-data build demo-build rust check test lint bench fuzz pictures

help: ## この一覧 / this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: demo-build ## 実演: 用意して窓口の画面を開く / set up and open the console
	@scripts/packages run demo
	@$(MADOGUCHI) setup --demo --relay
	@$(MADOGUCHI) up
	@$(MADOGUCHI) console

up: demo-build ## 実演を裏で動かし、落ちたものは起こし直す(画面は開かない) / the same in the background, kept running
	@scripts/packages run demo
	@$(MADOGUCHI) setup --demo --relay
	@$(MADOGUCHI) up

down: ## 動かしたものを止める / stop what was started
	@if [ -x $(MADOGUCHI) ]; then $(MADOGUCHI) down; else echo "まだ作られていません / not built yet"; fi

status: ## 何が動いているか / what is running
	@if [ -x $(MADOGUCHI) ]; then $(MADOGUCHI) status || true; else echo "まだ作られていません / not built yet"; fi

clean-data: demo-build ## データをすべて消す(FORCE=1 で尋ねない) / remove all data
	@$(MADOGUCHI) clean-data $(if $(FORCE),--force)

build: rust ## 市の機械に置くプログラム / the programs that a city installs
	@scripts/packages build
	@cargo build --release --locked $(PROGRAMS)

demo-build: rust
	@scripts/packages build
	@[ -x $(MADOGUCHI) ] || echo "はじめてのときは、作るのに10分ほどかかります。 / The first build takes about ten minutes."
	@cargo build --profile demo --locked $(PROGRAMS)

rust:
	@command -v cargo >/dev/null || { \
	  echo "Rust がありません。rustup で入れてください(安定版)。 / Rust is missing: install it with rustup (stable)." >&2; exit 1; }

test: rust ## すべての検査 / every test
	@scripts/packages build run demo test
	@$(MAKE) --no-print-directory lint
	@scripts/test

check: lint ## 書式、clippy、単体の検査、言葉、家 / format, clippy, unit tests, words, the house
	@cargo test --quiet --locked -p relay-core -p settings -p issuance -p madoguchi-screens --lib
	@cargo test --quiet --locked -p console@0.1.0 --lib --test house

lint: rust ## 書式と clippy / format and clippy
	@cargo fmt --version >/dev/null 2>&1 || { echo "rustup component add rustfmt" >&2; exit 1; }
	@cargo clippy --version >/dev/null 2>&1 || { echo "rustup component add clippy" >&2; exit 1; }
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets --locked --quiet -- -D warnings

bench: rust ## 計測 / measures, as ratios
	@scripts/packages build run demo test
	@scripts/bench

fuzz: rust ## 読み取りの口を SECONDS 秒ずつ乱数で叩く / fuzz every door for SECONDS each
	@scripts/packages build
	@scripts/fuzz $(or $(SECONDS),20)

pictures: build ## 画面の絵を本物の画面から作る / the manuals' pictures from the real screens
	@scripts/packages run demo test
	@scripts/pictures
