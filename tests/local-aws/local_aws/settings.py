"""Names and numbers that the supervisor, the gateway and the script worker share."""

ACCOUNT = "111122223333"
REGION = "eu-central-1"

# The root key of an account is its own number: ministack reads a 12-digit access key as an account.
ROOT_SECRET = "local-aws-root-secret"

STATE_FILE = "state.json"
FAILURE_FILE = "failure.txt"
CALLS_FILE = "calls.jsonl"
GATEWAY_LOG = "gateway.log"
LOCK_FILE = "lock"
FUNCTION_LOGS = "logs"

# Everything below this path on the gateway is ours, not AWS's.
CONTROL = "/_tocsin"
