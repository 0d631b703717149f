"""What the vault's policy answers to a request, worked out by ministack's evaluator of IAM policies rather than one of ours."""

import dataclasses

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

SECURITY, EVIDENCE = "111122223333", "999988887777"
INCIDENT = "incidents/inc-0123456789abcdef0123"


def function(name: str) -> str:
    return f"arn:aws:iam::{SECURITY}:role/tocsin-{name}"


CUSTODIAN = f"arn:aws:iam::{EVIDENCE}:role/Tocsin-Custodian"
ADMINISTRATOR = f"arn:aws:iam::{EVIDENCE}:role/Administrator"
ROOT = f"arn:aws:iam::{EVIDENCE}:root"
STRANGER = "arn:aws:iam::123456789012:role/anybody"


@dataclasses.dataclass(frozen=True)
class Vault:
    name: str
    key: str
    policy: str

    def decision(self, who: str, action: str, path: str = "", **keys: str) -> str:
        """`Allow`, `Deny`, or `ImplicitDeny`: then only a policy of the caller's own can allow it, if the caller is of this account.
        `keys` are condition keys, with `__` for the colon and `_` for the hyphen of their names; by default the request comes by TLS 1.3."""
        context = {name.replace("__", ":").replace("_", "-").lower(): value for name, value in keys.items()}
        secure = context.pop("aws:securetransport", "true") == "true"
        asked = EvalContext(
            principal_arn=who,
            principal_type="AssumedRole",
            principal_account=who.split(":")[4],
            action=f"s3:{action}",
            resource_arn=f"arn:aws:s3:::{self.name}" + (f"/{path}" if path else ""),
            region="eu-central-1",
            secure_transport=secure,
            service_context={"s3:tlsversion": "1.3", **context},
        )
        return evaluate_resource_policy(self.policy, asked).decision

    def put(self, who: str, path: str, **keys: str) -> str:
        """A put of a new object, as our functions do it."""
        return self.decision(who, "PutObject", path, **{"s3__if_none_match": "*", "s3__ObjectCreationOperation": "true", **keys})

    def allows(self, who: str, action: str, path: str = "", **keys: str) -> bool:
        return self.decision(who, action, path, **keys) == "Allow"
