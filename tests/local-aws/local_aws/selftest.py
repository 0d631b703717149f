"""One call through each join before the gateway says it is ready; a failure names the join.

The plug points have been checked by then: this finds an emulator that kept its functions' shapes and changed what they do.
"""

from local_aws import api_clients
from local_aws.settings import ACCOUNT, REGION, ROOT_SECRET


class SelfTestFailed(RuntimeError):
    """The gateway is up, but a join does not answer as the local AWS needs."""


class Checks:
    """Each method is a check; its name and first line say which join it is."""

    def _client(self, service: str):
        return api_clients.client(service, REGION, ACCOUNT, ROOT_SECRET)

    def identity(self):
        """local_aws.recording in front of ministack: accounts from access keys"""
        return self._client("sts").get_caller_identity()["Account"], ACCOUNT

    def state_machines(self):
        """local_aws.state_machines: JSONata in time limits"""
        from local_aws.state_machines import time_limits

        state = {"QueryLanguage": "JSONata", "TimeoutSeconds": "{% $states.input.a + $b %}"}
        return time_limits(state, {"a": 1}, {"variables": {"b": 2}}), {"TimeoutSeconds": 3}

    def buckets(self):
        """local_aws.cloudformation: bodies of S3 requests"""
        from local_aws.cloudformation import request_body

        return b"<Status>Enabled</Status>" in request_body(
            "PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"}
        ), True

    def aws_events(self):
        """local_aws.bus: PutEvents refuses the sources of AWS"""
        entry = {"Source": "aws.local", "DetailType": "self-test", "Detail": "{}"}
        return self._client("events").put_events(Entries=[entry])["FailedEntryCount"], 1

    def documents(self):
        """local_aws.automation.service in front of ministack's SSM"""
        return self._client("ssm").list_documents()["DocumentIdentifiers"], []

    def event_history(self):
        """local_aws.cloudtrail: the calls of this test"""
        attributes = [{"AttributeKey": "EventName", "AttributeValue": "GetCallerIdentity"}]
        return len(self._client("cloudtrail").lookup_events(LookupAttributes=attributes)["Events"]), 1

    def finding_filters(self):
        """local_aws.security_hub: filters"""
        filters = {"Id": [{"Value": "none", "Comparison": "EQUALS"}]}
        return self._client("securityhub").get_findings(Filters=filters)["Findings"], []

    def moto(self):
        """local_aws.moto_services: EC2 served by moto for the right account"""
        from local_aws.moto_services import moto_client

        # moto's plug points are taken when it is loaded; asked for here, a broken one is named and not an internal error.
        moto_client()
        groups = self._client("ec2").describe_security_groups(GroupNames=["default"])["SecurityGroups"]
        return {group["OwnerId"] for group in groups}, {ACCOUNT}

    def scripts(self):
        """local_aws.automation.scripts: a script in a process of its own"""
        from local_aws.automation import scripts

        return scripts.run("def handler(events, context): return events", "handler", {"a": 1}, {}, {}, 30)["payload"], {"a": 1}


def run() -> None:
    checks = Checks()
    for name in [name for name in vars(Checks) if not name.startswith("_")]:
        check = getattr(checks, name)
        try:
            found, expected = check()
        except Exception as error:
            raise SelfTestFailed(f"{check.__doc__}: {type(error).__name__}: {error}") from error
        if found != expected:
            raise SelfTestFailed(f"{check.__doc__}: found {found!r}, expected {expected!r}")
