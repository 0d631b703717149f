"""Where ministack's WAF differs from AWS: lock tokens, members of a web ACL, where CloudFront's live, logging, and samples of requests."""

import base64
import json

from ministack.core.responses import AccountRegionScopedDict, get_region
from ministack.services import waf
from ministack.services.cloudformation import provisioners

from local_aws import plug
from local_aws.service_answers import answer_json

failed = plug.take(waf, "_waf_err", "code", "message")
found_in = plug.take(waf, "_resource_from_scope", "store", "uid", "scope")
associate = plug.take(waf, "_associate_web_acl", "data")
disassociate = plug.take(waf, "_disassociate_web_acl", "data")
resource_types = plug.table(provisioners, "_RESOURCE_HANDLERS", "AWS::WAFv2::WebACL")
web_acls = plug.take(waf, "_web_acls")
ip_sets = plug.take(waf, "_ip_sets")
_logging = AccountRegionScopedDict()
# What UpdateWebACL replaces beside what ministack keeps: left out, it is gone.
REPLACED = (
    "Description",
    "CustomResponseBodies",
    "CaptchaConfig",
    "ChallengeConfig",
    "TokenDomains",
    "AssociationConfig",
    "DataProtectionConfig",
    "OnSourceDDoSProtectionConfig",
    "ApplicationConfig",
)
WRONG_TOKEN = "AWS WAF couldn’t save your changes because someone changed the resource after you started to edit it."


@plug.replaces(waf, "handle_request", "method", "path", "headers", "body", "query_params")
async def handle(original, method, path, headers, body, query_params):
    if json.loads(body or "{}").get("Scope") == "CLOUDFRONT" and get_region() != "us-east-1":
        return failed("WAFInvalidParameterException", "Error reason: The scope is not valid., field: SCOPE_VALUE")
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if operation in LOGGED:
        return LOGGED[operation](json.loads(body))
    return await original(method, path, headers, body, query_params)


def has_wrong_token(store, data: dict) -> bool:
    kept = found_in(store, data.get("Id", ""), data.get("Scope"))
    return bool(kept) and data.get("LockToken") != kept["LockToken"]


@plug.replaces(waf, "_update_ip_set", "data")
def update_ip_set(original, data):
    if has_wrong_token(ip_sets, data):
        return failed("WAFOptimisticLockException", WRONG_TOKEN)
    if kept := found_in(ip_sets, data.get("Id", ""), data.get("Scope")):
        kept["Description"] = data.get("Description", "")
    return original(data)


def as_sent(value):
    """A template has the text that is searched for as it is; the API takes and answers bytes, in base64."""
    if isinstance(value, list):
        return [as_sent(item) for item in value]
    if not isinstance(value, dict):
        return value
    sent = {key: as_sent(item) for key, item in value.items()}
    if isinstance(text := sent.get("SearchString"), str):
        sent["SearchString"] = base64.b64encode(text.encode()).decode()
    return sent


@plug.replaces(provisioners, "_waf_web_acl_create", "logical_id", "props", "stack_name")
def made_by_a_template(original, logical_id, props, stack_name):
    return original(logical_id, as_sent(props), stack_name)


resource_types["AWS::WAFv2::WebACL"] |= {"create": provisioners._waf_web_acl_create}


@plug.replaces(waf, "create_web_acl_record", "name", "scope", "props")
def create_web_acl(original, name, scope, props):
    uid, arn, acl = original(name, scope, props)
    keep_members(acl, props)
    return uid, arn, acl


@plug.replaces(waf, "_update_web_acl", "data")
def update_web_acl(original, data):
    if has_wrong_token(web_acls, data):
        return failed("WAFOptimisticLockException", WRONG_TOKEN)
    if kept := found_in(web_acls, data.get("Id", ""), data.get("Scope")):
        keep_members(kept, data)
    return original(data)


def keep_members(acl: dict, given: dict) -> None:
    for name in REPLACED:
        acl.pop(name, None)
    acl.update({name: given[name] for name in REPLACED if name in given})


def put_logging(request: dict):
    given = request["LoggingConfiguration"]
    _logging[given["ResourceArn"]] = given
    return answer_json({"LoggingConfiguration": given})


def get_logging(request: dict):
    found = _logging.get(request["ResourceArn"])
    if found is None:
        return failed("WAFNonexistentItemException", "AWS WAF couldn’t perform the operation because your resource doesn’t exist.")
    return answer_json({"LoggingConfiguration": found})


def sample(request: dict):
    """No request ever comes."""
    return answer_json({"SampledRequests": [], "PopulationSize": 0, "TimeWindow": request["TimeWindow"]})


LOGGED = {"PutLoggingConfiguration": put_logging, "GetLoggingConfiguration": get_logging, "GetSampledRequests": sample}


def associated(_logical_id, properties, _stack_name):
    status, _headers, body = associate(properties)
    if status >= 400:
        raise ValueError(f"AssociateWebACL: {body!r}")
    return f"{properties['WebACLArn']}|{properties['ResourceArn']}", {}


def logged(_logical_id, properties, _stack_name):
    put_logging({"LoggingConfiguration": properties})
    return properties["ResourceArn"], {}


resource_types["AWS::WAFv2::WebACLAssociation"] = {
    "create": associated,
    "delete": lambda _physical_id, properties: disassociate(properties),
}
resource_types["AWS::WAFv2::LoggingConfiguration"] = {
    "create": logged,
    "delete": lambda physical_id, _properties: _logging.pop(physical_id, None),
}
