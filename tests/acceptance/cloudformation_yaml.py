"""Our templates as they are written: before includes and the SAM transform. `local_aws.template` has what comes after."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "local-aws"))

from local_aws.template import load  # noqa: E402 - needs the path above

__all__ = ["load"]


def security_account(root) -> dict:
    """The template of the response with the resources of those that are deployed beside it."""
    template = load(root / "infra" / "responder.yaml")
    beside = [load(root / "infra" / name) for name in ("console.yaml", "privacy-requests.yaml")]
    resources = template["Resources"]
    for other in beside:
        resources = resources | other["Resources"]
    return template | {"Resources": resources}
