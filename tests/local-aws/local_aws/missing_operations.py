"""Operations that the emulators lack, answered as by an account in which nothing of the kind was ever set up.

Evidence is read with them, and "there is none" is evidence. What a test sets up instead is in the module of its service.
"""

import json
import re


from local_aws.moto_services import handlers
from local_aws.service_answers import answer_json, error_json

NO_INSIGHTS = "Trail does not have Insights enabled."
NO_DISTRIBUTIONS = (
    '<DistributionList xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Marker></Marker><MaxItems>100</MaxItems>'
    "<IsTruncated>false</IsTruncated><Quantity>0</Quantity></DistributionList>"
)

# By the operation in `X-Amz-Target`.
TARGETS = {
    "cloudtrail": {
        "GetInsightSelectors": lambda request: error_json("InsightNotEnabledException", NO_INSIGHTS),
        "ListEventDataStores": lambda request: answer_json({"EventDataStores": []}),
    },
    "cognito-idp": {
        "AdminListDevices": lambda request: answer_json({"Devices": []}),
        "DescribeRiskConfiguration": lambda request: answer_json({"RiskConfiguration": {"UserPoolId": request["UserPoolId"]}}),
    },
    "config": {"DescribeRetentionConfigurations": lambda request: answer_json({"RetentionConfigurations": []})},
    "ssm": {
        "DescribeSessions": lambda request: answer_json({"Sessions": []}),
        "ListCommandInvocations": lambda request: answer_json({"CommandInvocations": []}),
    },
}
# By method and path.
PATHS = {
    "cloudfront": {
        "GET /2020-05-31/distributionsByWebACLId/.+": lambda: (200, {"Content-Type": "text/xml"}, NO_DISTRIBUTIONS.encode()),
    },
    "guardduty": {
        "GET /detector/[^/]+/ipset": lambda: answer_json({"ipSetIds": []}),
        "GET /detector/[^/]+/publishingDestination": lambda: answer_json({"destinations": []}),
    },
}


def answering(scope: str):
    everything_else = handlers.get(scope)

    async def handle(method, path, headers, body, query):
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        if found := TARGETS.get(scope, {}).get(operation):
            return found(json.loads(body or b"{}"))
        for route, found in PATHS.get(scope, {}).items():
            if re.fullmatch(route, f"{method} {path}"):
                return found()
        return await everything_else(method, path, headers, body, query)

    return handle


for _scope in {*TARGETS, *PATHS}:
    handlers[_scope] = answering(_scope)
