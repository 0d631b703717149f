# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TOOLS := target/tools
LOCAL_AWS := tests/local-aws
PYTHON ?= python3
PYTEST ?= -q
# Everything Python runs in environments of its own, each pinned by hashes.
PY := $(TOOLS)/local-aws/bin/python
export PYTHONPATH := $(LOCAL_AWS)
export PYTHONDONTWRITEBYTECODE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

RUST_SOURCES := Cargo.toml Cargo.lock rust-toolchain.toml $(shell find functions -type f -not -name '*.md' 2>/dev/null) $(wildcard infra/actions/*/action.toml)

# What `make deploy` needs to know.
STACK ?= tocsin-responder
MEMBER_STACK ?= tocsin-member
NOTICE_SENDER ?=
NOTICE_SENDER_IDENTITY ?= $(NOTICE_SENDER)
OPERATOR_EMAIL ?=
ESCALATION_EMAIL ?=
# The organization, its units whose accounts are protected, and the regions in which they work, beside the one of the stack. Without
# units, only the account of the stack is protected.
ORGANIZATION_ID ?=
ORGANIZATIONAL_UNITS ?=
MEMBER_REGIONS ?=
# Whether the account of the stack administers the organization, and may so lock staff and deny accounts.
ADMINISTERS_ORGANIZATION ?= false
# The key that settings/scope.json is signed with: base64 of DER on one line, as `aws kms get-public-key` prints it.
SETTINGS_PUBLIC_KEY ?=
# The profile of the AWS CLI for the evidence account, and the regions that evidence stays in. What a drill makes goes into a vault of its
# own: EVIDENCE_PURPOSE=exercises, in an account of its own.
EVIDENCE_STACK ?= tocsin-evidence
EVIDENCE_PROFILE ?=
EVIDENCE_ACCOUNT ?= $(if $(EVIDENCE_PROFILE),$(shell aws sts get-caller-identity --profile "$(EVIDENCE_PROFILE)" --query Account --output text 2>/dev/null))
ZONE_REGIONS ?= $(shell aws configure get region 2>/dev/null)
EVIDENCE_PURPOSE ?= incidents
EVIDENCE_PARAMETERS ?=

.PHONY: help chromium build documents test test-rust test-local-aws test-acceptance lint lint-rust lint-infra demo bench local-aws deploy deploy-evidence deploy-members clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# --- tools -----------------------------------------------------------------------------------------------------------

$(TOOLS)/local-aws/.ready: $(LOCAL_AWS)/requirements.txt
	@echo "== tools: the local AWS"
	@$(PYTHON) -m venv --clear $(TOOLS)/local-aws
	@$(TOOLS)/local-aws/bin/pip install --quiet --require-hashes -r $<
	@touch $@

$(TOOLS)/build/.ready: $(LOCAL_AWS)/requirements-build.txt
	@echo "== tools: cargo lambda"
	@$(PYTHON) -m venv --clear $(TOOLS)/build
	@$(TOOLS)/build/bin/pip install --quiet --no-deps --require-hashes -r $<
	@touch $@

$(TOOLS)/lint/.ready: $(LOCAL_AWS)/requirements-lint.txt
	@echo "== tools: linters (Python)"
	@$(PYTHON) -m venv --clear $(TOOLS)/lint
	@$(TOOLS)/lint/bin/pip install --quiet --require-hashes -r $<
	@touch $@

# The notices are looked at in a real browser. Without the right to install it, the tests say what is missing and fail.
chromium: ## Install Debian's Chromium, where it is missing and may be installed
	@command -v chromium >/dev/null || test -n "$(CHROMIUM)" || test "$$(id -u)" != 0 || \
	  { echo "== tools: chromium"; apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

# --- build -----------------------------------------------------------------------------------------------------------

build: target/lambda/.built ## Every function in target/lambda/<name>/bootstrap, the CLI in target/release/tocsin

# cargo-lambda builds all members in one go: a selection would change the features of shared crates and build them again.
target/lambda/.built: $(TOOLS)/build/.ready $(RUST_SOURCES)
	@echo "== build: every function, release, for this host"
	@PATH="$(CURDIR)/$(TOOLS)/build/bin:$$PATH" cargo lambda build --release --locked --workspace --compiler cargo
	@mkdir -p target/release && mv target/lambda/tocsin/bootstrap target/release/tocsin && rmdir target/lambda/tocsin
	@touch $@

documents: ## The Automation documents of the actions, as Systems Manager gets them, in target/infra
	@$(PYTHON) infra/render.py

# --- check -----------------------------------------------------------------------------------------------------------

test: test-rust test-local-aws test-acceptance ## Set-up and all tests
	@echo "== all tests passed"

# The corpus of real findings is not part of the project: its tests exist only where FINDINGS_CORPUS names it.
# Compiled as cargo lambda does, for what it has compiled already.
CPU := $(if $(filter aarch64,$(shell uname -m)),neoverse-n1,haswell)
TEST := cargo --config 'build.rustflags=["-C", "target-cpu=$(CPU)"]' test --release --locked --quiet --target $(shell rustc --print host-tuple)
TESTED := $(filter-out incident cli,$(patsubst functions/%/tests,%,$(wildcard functions/*/tests)))
test-rust: target/lambda/.built
	@echo "== test: the core"
	@$(TEST) -p incident $(if $(FINDINGS_CORPUS),--features corpus)
	@echo "== test: the platform, the command line, the functions with tests of their own"
	@$(TEST) -p platform -p tocsin $(TESTED:%=-p %)

test-local-aws: documents $(TOOLS)/local-aws/.ready target/lambda/.built
	@echo "== test: the local AWS itself"
	@$(PY) -m pytest -q $(LOCAL_AWS)/tests

test-acceptance: chromium documents $(TOOLS)/local-aws/.ready $(TOOLS)/lint/.ready target/lambda/.built
	@echo "== test: acceptance; the actions and the storm, on local AWSs of their own, beside it, told at the end"
	@mkdir -p target/test
	@nice $(PY) -m pytest $(PYTEST) tests/acceptance/test_action*.py tests/acceptance/test_storm.py > target/test/actions.log 2>&1 & actions=$$!; outcome=0; \
	 $(PY) -m pytest $(PYTEST) tests/acceptance --ignore-glob='*/test_action*.py' --ignore=tests/acceptance/test_storm.py --ignore=tests/acceptance/test_policies_seen.py || outcome=1; \
	 wait $$actions || outcome=1; echo "== test: the actions and the storm"; tail -n 100 target/test/actions.log; test $$outcome = 0
	@$(PY) -m pytest -q tests/acceptance/test_policies_seen.py # what both were seen calling

lint: lint-rust lint-infra ## Formatting, clippy, licences, templates, state machines, documents, policies
	@echo "== lint is clean"

lint-rust: $(TOOLS)/lint/.ready
	@echo "== lint: rustfmt, clippy, cargo-deny"
	@cargo fmt --all --check
	@cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
	@cargo fetch --locked --quiet # offline, cargo-deny wants the crates of every platform
	@PATH="$(CURDIR)/$(TOOLS)/lint/bin:$$PATH" cargo deny --offline --all-features --config .deny.toml check --hide-inclusion-graph licenses bans sources

lint-infra: documents $(TOOLS)/local-aws/.ready $(TOOLS)/lint/.ready
	@echo "== lint: templates, state machines, documents, policies"
	@$(PY) tests/acceptance/lint.py

# --- run -------------------------------------------------------------------------------------------------------------

demo: documents $(TOOLS)/local-aws/.ready target/lambda/.built ## The whole way of one finding, on the local AWS (FINDING=file.json, YES=1)
	@FINDING="$(FINDING)" YES="$(YES)" $(PY) -m demo

local-aws: documents $(TOOLS)/local-aws/.ready target/lambda/.built ## Keep a local AWS up, for exploring
	@$(PY) -m local_aws up

bench: documents $(TOOLS)/local-aws/.ready target/lambda/.built ## Measure; the figures land in target/bench/summary.json
	@$(PY) tests/benches/run.py

# --- deploy ----------------------------------------------------------------------------------------------------------

$(TOOLS)/build/.cross: $(TOOLS)/build/.ready $(LOCAL_AWS)/requirements-deploy.txt
	@echo "== tools: zig, for arm64"
	@$(TOOLS)/build/bin/pip install --quiet --require-hashes -r $(LOCAL_AWS)/requirements-deploy.txt
	@touch $@

# A stack set of the organization takes no macros, so the includes are put in place here. It takes templates of 1 MB.
target/infra/member.json: documents $(TOOLS)/local-aws/.ready
	@$(PY) -m local_aws.template --compact infra/member.yaml > $@
	@test "$$(wc -c < $@)" -le 1000000 || { echo "$@ has over 1,000,000 bytes, which no stack set takes" >&2; exit 1; }

deploy-members: target/infra/member.json ## What Tocsin needs in each account (ORGANIZATIONAL_UNITS=… MEMBER_REGIONS=… ORGANIZATION_ID=…)
	@account="$$(aws sts get-caller-identity --query Account --output text)"; home="$$(aws configure get region)"; \
	for region in $$(printf '%s\n' "$$home" $(MEMBER_REGIONS) | sort -u); do \
	  sam deploy --template-file $< --stack-name $(MEMBER_STACK) --resolve-s3 --region "$$region" \
	    --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset \
	    --parameter-overrides SecurityAccountId="$$account" HomeRegion="$$home" OrganizationId="$(ORGANIZATION_ID)" EvidenceAccountId="$(EVIDENCE_ACCOUNT)" AdministersOrganization="$(ADMINISTERS_ORGANIZATION)"; \
	done; \
	test -n "$(ORGANIZATIONAL_UNITS)" || exit 0; \
	bucket="$$(aws cloudformation describe-stacks --stack-name aws-sam-cli-managed-default \
	  --query "Stacks[0].Outputs[?OutputKey=='SourceBucket'].OutputValue" --output text)"; \
	key="tocsin/member-$$(sha256sum $< | cut -c 1-16).json"; \
	aws s3 cp --only-show-errors $< "s3://$$bucket/$$key"; \
	MEMBER_STACK="$(MEMBER_STACK)" TEMPLATE_URL="https://$$bucket.s3.$$home.amazonaws.com/$$key" SECURITY_ACCOUNT="$$account" HOME_REGION="$$home" \
	  EVIDENCE_ACCOUNT="$(EVIDENCE_ACCOUNT)" ORGANIZATION_ID="$(ORGANIZATION_ID)" ORGANIZATIONAL_UNITS="$(ORGANIZATIONAL_UNITS)" MEMBER_REGIONS="$(MEMBER_REGIONS)" infra/deploy-members.sh

target/infra/evidence.json: documents $(TOOLS)/local-aws/.ready infra/evidence.yaml
	@$(PY) -m local_aws.template --compact infra/evidence.yaml > $@

deploy-evidence: target/infra/evidence.json target/infra/member.json ## The vault, in the evidence account (EVIDENCE_PROFILE=… ZONE_REGIONS="eu-central-1 …")
	@test -n "$(EVIDENCE_PROFILE)" || { echo "deploy-evidence: set EVIDENCE_PROFILE to the profile of the evidence account" >&2; exit 2; }
	@test -n "$(ZONE_REGIONS)" || { echo "deploy-evidence: set ZONE_REGIONS to the regions that evidence stays in" >&2; exit 2; }
	@account="$$(aws sts get-caller-identity --query Account --output text)"; home="$$(aws configure get region)"; \
	test "$$account" != "$(EVIDENCE_ACCOUNT)" || { echo "deploy-evidence: the vault has to lie in another account than $$account" >&2; exit 2; }; \
	zone="$$(printf '%s\n' $(ZONE_REGIONS) | paste -sd, -)"; \
	sam deploy --template-file target/infra/member.json --stack-name $(MEMBER_STACK) --resolve-s3 --region "$$home" --profile "$(EVIDENCE_PROFILE)" \
	  --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset \
	  --parameter-overrides SecurityAccountId="$$account" HomeRegion="$$home" OrganizationId="$(ORGANIZATION_ID)" EvidenceAccountId="$(EVIDENCE_ACCOUNT)"; \
	sam deploy --template-file $< --stack-name $(EVIDENCE_STACK) --resolve-s3 --region "$$home" --profile "$(EVIDENCE_PROFILE)" \
	  --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset \
	  --parameter-overrides SecurityAccountId="$$account" OrganizationId="$(ORGANIZATION_ID)" ZoneRegions="$$zone" Purpose="$(EVIDENCE_PURPOSE)" OperatorEmail="$(OPERATOR_EMAIL)" $(EVIDENCE_PARAMETERS)

deploy: ## Build for arm64 and deploy everything (NOTICE_SENDER=… OPERATOR_EMAIL=… EVIDENCE_PROFILE=…, and what deploy-members takes)
	@test -n "$(NOTICE_SENDER)" || { echo "deploy: set NOTICE_SENDER to the verified address that notices are sent from" >&2; exit 2; }
	@test -n "$(EVIDENCE_PROFILE)" || { echo "deploy: set EVIDENCE_PROFILE to the profile of the evidence account" >&2; exit 2; }
	@command -v sam >/dev/null && command -v aws >/dev/null || { echo "deploy: install the AWS CLI and the AWS SAM CLI first" >&2; exit 2; }
	@$(MAKE) $(TOOLS)/build/.cross
	@rm -f target/lambda/.built # what lies there from now on does not run on this host
	@PATH="$(CURDIR)/$(TOOLS)/build/bin:$$PATH" cargo lambda build --release --locked --workspace --arm64
	@$(MAKE) deploy-evidence
	@$(MAKE) deploy-members
	@output() { aws cloudformation describe-stacks --stack-name $(EVIDENCE_STACK) --profile "$(EVIDENCE_PROFILE)" --region "$$(aws configure get region)" \
	  --query "Stacks[0].Outputs[?OutputKey=='$$1'].OutputValue" --output text; }; \
	vault="$$(output VaultBucket)"; key="$$(output VaultKeyArn)"; snapshots="$$(output SnapshotKeyArn)"; seals="$$(output SigningKeyArn)"; tables="$$(output LogTables)"; \
	sam deploy --template-file infra/responder.yaml --stack-name $(STACK) --resolve-s3 \
	  --capabilities CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND \
	  --parameter-overrides VaultBucket="$$vault" VaultKeyArn="$$key" SnapshotKeyArn="$$snapshots" SigningKeyArn="$$seals" LogTables="$$tables" NoticeSender="$(NOTICE_SENDER)" NoticeSenderIdentity="$(NOTICE_SENDER_IDENTITY)" OperatorEmail="$(OPERATOR_EMAIL)" EscalationEmail="$(ESCALATION_EMAIL)" OrganizationId="$(ORGANIZATION_ID)" $(if $(SETTINGS_PUBLIC_KEY),SettingsPublicKey="$(SETTINGS_PUBLIC_KEY)")

clean: ## Remove everything that was built
	@rm -rf target
