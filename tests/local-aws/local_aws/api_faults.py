"""Faults that a test orders: the next matching call answers with an AWS error instead of being carried out."""

import dataclasses
import json
import threading

from local_aws.operations import Operation

_QUERY_SERVICES = {"ec2", "iam", "sts", "sns", "cloudformation", "elasticloadbalancing", "autoscaling", "rds"}


@dataclasses.dataclass
class ApiFault:
    """`service` is the name in the signature (`states`, `ssm`, `s3`, `ses` …); `principal` limits it to one name, `in_region` to
    calls that are signed for it, `bucket` to calls on that bucket. The first `skip` of them are carried out."""

    service: str
    operation: str
    code: str
    message: str = "ordered by a test"
    status: int = 400
    times: int = 1
    skip: int = 0
    principal: str = ""
    in_region: str = ""
    bucket: str = ""
    xml: bool = False

    def response(self) -> tuple[int, dict, bytes]:
        if self.xml or self.service in _QUERY_SERVICES:
            error = f"<Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
            body = {
                "s3": error,
                "ec2": f"<Response><Errors>{error}</Errors><RequestID>fault</RequestID></Response>",
            }.get(self.service, f"<ErrorResponse>{error}<RequestId>fault</RequestId></ErrorResponse>")
            return self.status, {"content-type": "text/xml"}, body.encode()
        headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": self.code}
        return self.status, headers, json.dumps({"__type": self.code, "message": self.message}).encode()


_lock = threading.Lock()
_ordered: list[ApiFault] = []


def order(settings: dict) -> None:
    fault = ApiFault(**settings)
    fault.xml = fault.service == "s3"
    with _lock:
        _ordered.append(fault)


def clear() -> None:
    with _lock:
        _ordered.clear()


def take(scope: str, operation: Operation, principal, region: str) -> ApiFault | None:
    if not _ordered:
        return None
    with _lock:
        for fault in _ordered:
            is_meant = fault.principal in ("", principal.name) and fault.in_region in ("", region)
            is_meant = is_meant and fault.bucket in ("", operation.parameters.get("Bucket"))
            if is_meant and (fault.service, fault.operation) == (scope, operation.name):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    _ordered.remove(fault)
                return fault
    return None
