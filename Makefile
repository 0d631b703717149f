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
# The console: its address, the certificate of that name, and where people sign in. Without an issuer Cognito keeps them.
CONSOLE_STACK ?= tocsin-console
CONSOLE_ORIGIN ?=
CONSOLE_CERTIFICATE ?=
CONSOLE_PARAMETERS ?=
# The public pages: their address, and the certificate of that name in us-east-1.
PUBLIC_STACK ?= tocsin-public
REQUESTS_STACK ?= tocsin-privacy-requests
PUBLIC_ORIGIN ?=
PUBLIC_CERTIFICATE ?=
PUBLIC_PARAMETERS ?=
REQUESTS_PARAMETERS ?=

.PHONY: help chromium identity-provider build documents test test-rust test-local-aws test-acceptance lint lint-rust lint-infra demo bench local-aws deploy deploy-evidence deploy-members deploy-console deploy-public clean

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

# Pages are looked at, and the console is used, in a real browser. Without the right to install it, the tests say what is missing and fail.
chromium: ## Install Debian's Chromium, where it is missing and may be installed
	@command -v chromium >/dev/null || test -n "$(CHROMIUM)" || test "$$(id -u)" != 0 || \
	  { echo "== tools: chromium"; apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

# Whom people sign in with on the local AWS: an npm package, exactly as package-lock.json names it.
IDENTITY_PROVIDER := $(LOCAL_AWS)/identity_provider
identity-provider: $(TOOLS)/identity-provider/.ready

$(TOOLS)/identity-provider/.ready: $(IDENTITY_PROVIDER)/package.json $(IDENTITY_PROVIDER)/package-lock.json
	@echo "== tools: the OpenID Connect provider"
	@mkdir -p $(@D) && cp $^ $(@D)
	@npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# --- build -----------------------------------------------------------------------------------------------------------

build: target/lambda/.release ## Every function in target/lambda/<name>/bootstrap, the CLI in target/release/tocsin

# cargo-lambda builds all members in one go: a selection would change the features of shared crates and build them again.
define build_for_this_host
	@echo "== build: every function, $(1), for this host"
	@PATH="$(CURDIR)/$(TOOLS)/build/bin:$$PATH" cargo lambda build --profile $(1) --locked --workspace --compiler cargo
	@mkdir -p target/$(1) && mv target/lambda/tocsin/bootstrap target/$(1)/tocsin && rmdir target/lambda/tocsin
endef

target/lambda/.release: $(TOOLS)/build/.ready $(RUST_SOURCES)
	$(call build_for_this_host,release)
	@touch $@ target/lambda/.built

# What tests and demo run: what `make build` has left, or the same sources in the profile that is built sooner.
target/lambda/.built: $(TOOLS)/build/.ready $(RUST_SOURCES)
	$(call build_for_this_host,quick)
	@rm -f target/lambda/.release && touch $@

documents: ## The Automation documents of the actions, as Systems Manager gets them, in target/infra
	@$(PYTHON) infra/render.py

# --- check -----------------------------------------------------------------------------------------------------------

test: test-rust test-local-aws test-acceptance ## Set-up and all tests
	@echo "== all tests passed"

# The corpus of real findings is not part of the project: its tests exist only where FINDINGS_CORPUS names it.
TEST := cargo test --profile quick --locked --quiet --target $(shell rustc --print host-tuple)
# Members with tests, all in one go: so they have the features that the functions were built with, and no SDK is built again.
TESTED := $(patsubst cli,tocsin,$(sort $(shell { ls -d functions/*/tests; grep -rl 'cfg(test)' functions/*/src; } | cut -d / -f 2)))
test-rust: target/lambda/.built
	@echo "== test: the core, the platform, the functions, the command line; what people see in a browser is looked at later"
	@CONSOLE_PAGES="$(CURDIR)/target/test/console-pages" $(TEST) $(TESTED:%=-p %) $(if $(FINDINGS_CORPUS),--features incident/corpus)

test-local-aws: documents identity-provider $(TOOLS)/local-aws/.ready target/lambda/.built
	@echo "== test: the local AWS itself"
	@$(PY) -m pytest -q $(LOCAL_AWS)/tests

# Tests wait more than they work, so more run beside each other than there are cores.
WORKERS ?= 4
test-acceptance: chromium documents identity-provider $(TOOLS)/local-aws/.ready $(TOOLS)/lint/.ready target/lambda/.built
	@echo "== test: acceptance"
	@rm -rf target/local-aws/e2e-* target/local-aws/actions-*
	@$(PY) -m pytest $(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests/acceptance --ignore=tests/acceptance/test_policies_seen.py
	@$(PY) -m pytest -q tests/acceptance/test_policies_seen.py # what all of them were seen calling

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

demo: documents $(TOOLS)/local-aws/.ready target/lambda/.built $(if $(CONSOLE),identity-provider) ## The whole way of one finding, on the local AWS (FINDING=file.json, YES=1, CONSOLE=1)
	@FINDING="$(FINDING)" YES="$(YES)" CONSOLE="$(CONSOLE)" $(PY) -m demo

local-aws: documents $(TOOLS)/local-aws/.ready target/lambda/.built ## Keep a local AWS up, for exploring
	@$(PY) -m local_aws up

bench: documents $(TOOLS)/local-aws/.ready target/lambda/.release ## Measure; the figures land in target/bench/summary.json
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
	@rm -f target/lambda/.built target/lambda/.release # what lies there from now on does not run on this host
	@PATH="$(CURDIR)/$(TOOLS)/build/bin:$$PATH" cargo lambda build --release --locked --workspace --arm64
	@$(MAKE) deploy-evidence
	@$(MAKE) deploy-members
	@output() { aws cloudformation describe-stacks --stack-name $(EVIDENCE_STACK) --profile "$(EVIDENCE_PROFILE)" --region "$$(aws configure get region)" \
	  --query "Stacks[0].Outputs[?OutputKey=='$$1'].OutputValue" --output text; }; \
	vault="$$(output VaultBucket)"; key="$$(output VaultKeyArn)"; snapshots="$$(output SnapshotKeyArn)"; seals="$$(output SigningKeyArn)"; tables="$$(output LogTables)"; \
	sam deploy --template-file infra/responder.yaml --stack-name $(STACK) --resolve-s3 \
	  --capabilities CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND \
	  --parameter-overrides VaultBucket="$$vault" VaultKeyArn="$$key" SnapshotKeyArn="$$snapshots" SigningKeyArn="$$seals" LogTables="$$tables" NoticeSender="$(NOTICE_SENDER)" NoticeSenderIdentity="$(NOTICE_SENDER_IDENTITY)" OperatorEmail="$(OPERATOR_EMAIL)" EscalationEmail="$(ESCALATION_EMAIL)" OrganizationId="$(ORGANIZATION_ID)" $(if $(SETTINGS_PUBLIC_KEY),SettingsPublicKey="$(SETTINGS_PUBLIC_KEY)")

deploy-console: ## The console, after `deploy` (CONSOLE_ORIGIN=https://… CONSOLE_CERTIFICATE=arn… CONSOLE_PARAMETERS="OidcIssuer=… …")
	@test -n "$(CONSOLE_ORIGIN)" && test -n "$(CONSOLE_CERTIFICATE)" || { echo "deploy-console: set CONSOLE_ORIGIN to where people open it, and CONSOLE_CERTIFICATE to the ARN of that name's certificate" >&2; exit 2; }
	@test -f target/lambda/console/bootstrap && test ! -f target/lambda/.built || { echo "deploy-console: run \`make deploy\` first, which builds for AWS" >&2; exit 2; }
	@output() { aws cloudformation describe-stacks --stack-name $(STACK) --query "Stacks[0].Outputs[?OutputKey=='$$1'].OutputValue" --output text; }; \
	table="$$(output IncidentsTable)"; settings="$$(output SettingsBucket)"; topic="$$(output OperatorTopicArn)"; \
	sam deploy --template-file infra/console.yaml --stack-name $(CONSOLE_STACK) --resolve-s3 --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
	  --parameter-overrides ConsoleOrigin="$(CONSOLE_ORIGIN)" CertificateArn="$(CONSOLE_CERTIFICATE)" IncidentsTable="$$table" SettingsBucket="$$settings" OperatorTopicArn="$$topic" $(CONSOLE_PARAMETERS)

# The firewall of the requests lets the distribution alone in, by a secret that both stacks get when one of them is made, and keep.
deploy-public: ## The public pages, after `deploy` (PUBLIC_ORIGIN=https://… PUBLIC_CERTIFICATE=arn:aws:acm:us-east-1:… PUBLIC_PARAMETERS="HostedZoneId=… …")
	@test -n "$(PUBLIC_ORIGIN)" && test -n "$(PUBLIC_CERTIFICATE)" || { echo "deploy-public: set PUBLIC_ORIGIN to where the public opens them, and PUBLIC_CERTIFICATE to the ARN of that name's certificate in us-east-1" >&2; exit 2; }
	@test -n "$(NOTICE_SENDER)" || { echo "deploy-public: set NOTICE_SENDER to the verified address that receipts are sent from" >&2; exit 2; }
	@test -f target/lambda/take-privacy-request/bootstrap && test ! -f target/lambda/.built || { echo "deploy-public: run \`make deploy\` first, which builds for AWS" >&2; exit 2; }
	@output() { aws cloudformation describe-stacks --stack-name "$$1" --query "Stacks[0].Outputs[?OutputKey=='$$2'].OutputValue" --output text; }; \
	is_there() { aws cloudformation describe-stacks --stack-name "$$1" --region "$$2" >/dev/null 2>&1; }; \
	home="$$(aws configure get region)"; secret=""; \
	{ is_there $(REQUESTS_STACK) "$$home" && is_there $(PUBLIC_STACK) us-east-1; } || secret="OriginSecret=$$(openssl rand -hex 32)"; \
	table="$$(output $(STACK) IncidentsTable)"; settings="$$(output $(STACK) SettingsBucket)"; topic="$$(output $(STACK) OperatorTopicArn)"; \
	sam deploy --template-file infra/privacy-requests.yaml --stack-name $(REQUESTS_STACK) --resolve-s3 --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset \
	  --parameter-overrides PublicOrigin="$(PUBLIC_ORIGIN)" IncidentsTable="$$table" SettingsBucket="$$settings" OperatorTopic="$$topic" NoticeSender="$(NOTICE_SENDER)" NoticeSenderIdentity="$(NOTICE_SENDER_IDENTITY)" $$secret $(REQUESTS_PARAMETERS); \
	sam deploy --template-file infra/public.yaml --stack-name $(PUBLIC_STACK) --region us-east-1 --resolve-s3 --no-fail-on-empty-changeset \
	  --parameter-overrides PublicOrigin="$(PUBLIC_ORIGIN)" CertificateArn="$(PUBLIC_CERTIFICATE)" OperatorEmail="$(OPERATOR_EMAIL)" RequestsOrigin="$$(output $(REQUESTS_STACK) RequestsOrigin)" RequestsStage="$$(output $(REQUESTS_STACK) RequestsStage)" $$secret $(PUBLIC_PARAMETERS)

clean: ## Remove everything that was built
	@rm -rf target
