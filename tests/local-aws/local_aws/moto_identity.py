"""IAM Identity Center where moto differs from AWS: ARNs of permission sets, provisioning, and that changes take a moment."""

import json

from local_aws import plug

# Requests that were asked for once already: the first answer is that the work is under way.
_asked: set[str] = set()


def join() -> None:
    from moto.ssoadmin import models, responses

    plug.replaces(models.PermissionSet, "generate_id", "instance_arn")(permission_set_arn)
    accounts = "list_accounts_for_provisioned_permission_set"
    plug.replaces(models.SSOAdminBackend, accounts, "self", "instance_arn", "permission_set_arn")(provisioned_accounts)
    for operation in ("describe_account_assignment_creation_status", "describe_account_assignment_deletion_status"):
        plug.replaces(responses.SSOAdminResponse, operation, "self")(under_way_first)
    responses.SSOAdminResponse.describe_permission_set_provisioning_status = provisioning_status
    parameters = ("self", "instance_arn", "target_id", "target_type", "permission_set_arn", "principal_type", "principal_id")
    plug.replaces(models.SSOAdminBackend, "create_account_assignment", *parameters)(create_account_assignment)
    plug.verify()


def create_account_assignment(original, backend, **named):
    """An assignment that is there already is not made a second time; moto lists it twice."""
    answer = original(backend, **named)
    *others, made = backend.account_assignments
    for one in others:
        if one.to_json() == made.to_json():
            backend.account_assignments.pop()
            return one.to_json(include_creation_date=True, include_request_id=True)
    return answer


def permission_set_arn(original, instance_arn: str) -> str:
    """`arn:aws:sso:::permissionSet/<instance>/<set>`; moto appends the set to the instance's ARN."""
    return original(instance_arn).replace(":instance/", ":permissionSet/")


def provisioned_accounts(_original, backend, instance_arn: str, permission_set_arn: str) -> list[str]:
    """AWS provisions a set to an account with its first assignment, and takes it away with its last."""
    found = [one for one in backend.account_assignments if one.permission_set_arn == permission_set_arn]
    return sorted({one.target_id for one in found if one.instance_arn == instance_arn})


def under_way_first(original, response) -> str:
    answer = json.loads(original(response))
    (status,) = answer.values()
    status["Status"] = status_of(status["RequestId"])
    return json.dumps(answer)


def status_of(request: str) -> str:
    if request in _asked:
        return "SUCCEEDED"
    _asked.add(request)
    return "IN_PROGRESS"


def provisioning_status(response) -> str:
    request = response._get_param("ProvisionPermissionSetRequestId")
    return json.dumps({"PermissionSetProvisioningStatus": {"RequestId": request, "Status": status_of(request)}})
