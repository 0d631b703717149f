"""The services that moto serves: requests for them are handed to moto's own web application, in this process.

There is no second listener: the request that ministack routed is replayed on moto's WSGI callable in a worker thread. EC2 comes
from moto because ministack has neither CreateSnapshots nor ModifyNetworkInterfaceAttribute; IAM stays with ministack, where
CloudFormation and STS put roles, so moto's look-up of instance profiles is answered from there.
"""

import asyncio
import contextvars
import dataclasses
import threading
from urllib.parse import quote, urlencode

from ministack import app
from ministack.core import router
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

from local_aws import (
    moto_autoscaling,
    moto_ec2,
    moto_identity,
    moto_load_balancing,
    moto_rds,
    moto_sagemaker,
    moto_service_scaling,
    plug,
)

# Credential scope -> the first label of the host by which moto knows the service.
SERVICES = {
    "application-autoscaling": "application-autoscaling",
    "ec2": "ec2",
    "autoscaling": "autoscaling",
    "elasticloadbalancing": "elasticloadbalancing",
    "rds": "rds",
    "redshift": "redshift",
    "route53resolver": "route53resolver",
    "guardduty": "guardduty",
    "securityhub": "securityhub",
    "sagemaker": "sagemaker",
    "organizations": "organizations",
    "macie2": "macie2",
    "identitystore": "identitystore",
    "sso": "sso",
    "support": "support",
    "network-firewall": "network-firewall",
}
_RETURNED_HEADERS = {"content-type", "x-amzn-errortype", "x-amzn-requestid"}
_NOT_FORWARDED = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "expect"}

handlers = plug.table(app, "SERVICE_HANDLERS", "sts", "ssm", "s3", "iam")
lookup_profile = plug.take(iam, "_lookup_instance_profile", "name", "arn")
_client = None
_building = threading.Lock()


def moto_client():
    """moto's application, built on first use: importing it takes most of a second."""
    global _client
    with _building:
        if _client is None:
            from moto.moto_server import werkzeug_app
            from werkzeug.test import Client

            dispatcher = plug.take(werkzeug_app, "DomainDispatcherApplication", "create_app")
            create = plug.take(werkzeug_app, "create_backend_app")
            plug.verify()
            join_instance_profiles()
            moto_autoscaling.join()
            moto_service_scaling.join()
            moto_ec2.join()
            moto_load_balancing.join()
            moto_rds.join()
            moto_sagemaker.join()
            moto_identity.join()
            _client = Client(dispatcher(create), use_cookies=False)
        return _client


def forward(scope: str, method: str, path: str, headers: dict, body, query: dict) -> tuple[int, dict, bytes]:
    sent = {name: value for name, value in headers.items() if name.lower() not in _NOT_FORWARDED}
    sent["x-moto-account-id"] = get_account_id()
    response = moto_client().open(
        quote(path, safe="/:%") + (f"?{urlencode(query, doseq=True)}" if query else ""),
        method=method,
        base_url=f"http://{SERVICES[scope]}.{get_region()}.amazonaws.com",
        headers=sent,
        data=body.encode() if isinstance(body, str) else body,
    )
    returned = {name: value for name, value in response.headers.items() if name.lower() in _RETURNED_HEADERS}
    return response.status_code, returned, response.data


def handler(scope: str):
    async def handle(method, path, headers, body, query):
        context = contextvars.copy_context()
        work = lambda: context.run(forward, scope, method, path, headers, body, query)
        return await asyncio.get_running_loop().run_in_executor(None, work)

    return handle


@dataclasses.dataclass(frozen=True)
class InstanceProfile:
    """What moto reads of an instance profile, for one that ministack's IAM holds."""

    name: str
    arn: str
    id: str


def find_profile(original, account_id, partition, iam_instance_profile_arn, iam_instance_profile_name):
    found = lookup_profile(name=iam_instance_profile_name or "", arn=iam_instance_profile_arn or "")
    if found is None:
        from moto.iam.exceptions import NotFoundException

        wanted = iam_instance_profile_name or iam_instance_profile_arn
        raise NotFoundException(f"Instance profile {wanted} not found")
    return InstanceProfile(found["InstanceProfileName"], found["Arn"], found["InstanceProfileId"])


def join_instance_profiles() -> None:
    from moto.ec2.models import iam_instance_profile
    from moto.ec2.responses import instances

    parameters = ("account_id", "partition", "iam_instance_profile_arn", "iam_instance_profile_name")
    for module in (iam_instance_profile, instances):
        plug.replaces(module, "filter_iam_instance_profiles", *parameters)(find_profile)
    backend = iam_instance_profile.IamInstanceProfileAssociationBackend
    parameters = ("self", "association_id", "iam_instance_profile_name", "iam_instance_profile_arn")
    plug.replaces(backend, "replace_iam_instance_profile_association", *parameters)(replace_association)
    plug.verify()


def replace_association(original, backend, association_id, *profile):
    """A replaced association has a new id and shows on the instance; moto does neither."""
    from moto.ec2.utils import random_iam_instance_profile_association_id

    association = original(backend, association_id, *profile)
    association.association_id = random_iam_instance_profile_association_id()
    shown = {"Arn": association.iam_instance_profile.arn, "Id": association.association_id}
    backend.modify_instance_attribute(association.instance_id, "iam_instance_profile", shown)
    return association


@plug.replaces(router, "_is_aws_service_name", "scope_name")
def is_service(_original, scope_name):
    """ministack reads all four hundred models of botocore to answer this, on the event loop, for seconds."""
    return not scope_name.startswith("s3")


for _scope in SERVICES:
    handlers[_scope] = handler(_scope)
