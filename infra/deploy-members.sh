#!/usr/bin/env bash
# Puts infra/member.yaml into every account that Tocsin protects, and into those that join later: a stack set with
# service-managed permissions. `make deploy` runs it in the security account, which must be a delegated administrator of StackSets.
#
# What it reads: MEMBER_STACK, the name; TEMPLATE_URL, the rendered template in S3; SECURITY_ACCOUNT; HOME_REGION;
# ORGANIZATION_ID; EVIDENCE_ACCOUNT; ORGANIZATIONAL_UNITS and MEMBER_REGIONS, each a list with spaces. The security account has a stack of its own, and
# the management account is never reached by a stack set.
set -euo pipefail

call=(--call-as DELEGATED_ADMIN)
read -ra units <<<"$ORGANIZATIONAL_UNITS"
# The roles are made in the home region, and the documents need them nowhere before they run.
regions=("$HOME_REGION")
for region in $MEMBER_REGIONS; do
  [[ $region == "$HOME_REGION" ]] || regions+=("$region")
done
join() { local IFS=,; echo "$*"; }
targets="OrganizationalUnitIds=$(join "${units[@]}"),Accounts=$SECURITY_ACCOUNT,AccountFilterType=DIFFERENCE"
# A region that is down must not keep the others from being changed, nor one account all the rest.
preferences="RegionConcurrencyType=PARALLEL,MaxConcurrentPercentage=50,FailureTolerancePercentage=50"
# An account that is moved out of its unit keeps its roles: else whoever moves it takes it out of reach.
template=(
  --template-url "$TEMPLATE_URL"
  --capabilities CAPABILITY_NAMED_IAM
  --parameters "ParameterKey=SecurityAccountId,ParameterValue=$SECURITY_ACCOUNT"
  "ParameterKey=HomeRegion,ParameterValue=$HOME_REGION" "ParameterKey=OrganizationId,ParameterValue=$ORGANIZATION_ID"
  "ParameterKey=EvidenceAccountId,ParameterValue=${EVIDENCE_ACCOUNT-}"
  --permission-model SERVICE_MANAGED
  --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=true
)

finish() {
  local status
  while status=$(aws cloudformation describe-stack-set-operation "${call[@]}" --stack-set-name "$MEMBER_STACK" \
    --operation-id "$1" --query StackSetOperation.Status --output text); do
    case $status in
      SUCCEEDED) return ;;
      RUNNING | QUEUED | STOPPING) sleep "${POLL_SECONDS:-10}" ;;
      *)
        echo "deploy-members: $2 of the stack set $MEMBER_STACK is $status; see list-stack-set-operation-results for operation $1" >&2
        exit 1
        ;;
    esac
  done
  exit 1
}

if aws cloudformation describe-stack-set "${call[@]}" --stack-set-name "$MEMBER_STACK" >/dev/null 2>&1; then
  # Without targets, every instance that there is gets the new template.
  operation=$(aws cloudformation update-stack-set "${call[@]}" --stack-set-name "$MEMBER_STACK" "${template[@]}" \
    --operation-preferences "$preferences" --query OperationId --output text)
  finish "$operation" "the update"
else
  aws cloudformation create-stack-set "${call[@]}" --stack-set-name "$MEMBER_STACK" "${template[@]}" \
    --description "Tocsin in a member account" >/dev/null
fi
operation=$(aws cloudformation create-stack-instances "${call[@]}" --stack-set-name "$MEMBER_STACK" \
  --deployment-targets "$targets" --regions "${regions[@]}" \
  --operation-preferences "$preferences" --query OperationId --output text)
finish "$operation" "the roll-out"
