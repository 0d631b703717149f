import boto3
import json
import random
import time

RULE = "TocsinLimitRate"
FIVE_MINUTES = 300
# An intruder writes a path in other ways that lead to the same place.
AS_THE_SHOP_READS = [
    {"Priority": 0, "Type": "URL_DECODE"},
    {"Priority": 1, "Type": "NORMALIZE_PATH"},
    {"Priority": 2, "Type": "LOWERCASE"},
]


def client_for(scope):
    # What belongs to CloudFront is called in us-east-1.
    return boto3.client("wafv2", region_name="us-east-1") if scope == "CLOUDFRONT" else boto3.client("wafv2")


def web_acls(scope):
    wafv2, found, more = client_for(scope), [], {}
    while True:
        answer = wafv2.list_web_acls(Scope=scope, Limit=100, **more)
        found += answer["WebACLs"]
        if not answer.get("NextMarker"):
            return found
        more = {"NextMarker": answer["NextMarker"]}


def place_of(run):
    """Where the web ACL is: as recorded, or looked for by its name."""
    if run["before"]:
        return run["before"]["web_acl"]
    found = [
        {"Name": acl["Name"], "Scope": scope, "Id": acl["Id"]}
        for scope in ("REGIONAL", "CLOUDFRONT")
        for acl in web_acls(scope)
        if acl["Name"] == run["target"]
    ]
    if len(found) != 1:
        raise ValueError(
            f"{len(found)} web ACLs are named {run['target']}, one in the region and one of CloudFront at most:"
            " contain it by hand"
        )
    return found[0]


def read(place):
    wafv2 = client_for(place["Scope"])
    return wafv2.get_web_acl(**place)


def own_rule(web_acl):
    return next((one for one in web_acl["Rules"] if one["Name"] == RULE), None)


def observe(run):
    place = place_of(run)
    rule = own_rule(read(place)["WebACL"])
    # What is searched for comes as bytes.
    return {"web_acl": place, "rule": json.loads(json.dumps(rule, default=bytes.decode))}


def refuse(run, before):
    if before["rule"]:
        raise touched(run)


def settled(run, state):
    return state["rule"] is not None


def rule_for(run, priority):
    starts = [
        {
            "ByteMatchStatement": {
                "SearchString": path.lower().encode(),
                "FieldToMatch": {"UriPath": {}},
                "TextTransformations": AS_THE_SHOP_READS,
                "PositionalConstraint": "STARTS_WITH",
            }
        }
        for path in sorted(set(run["paths"]))
    ]
    return {
        "Name": RULE,
        "Priority": priority,
        "Statement": {
            "RateBasedStatement": {
                "Limit": int(run["limit"]),
                "EvaluationWindowSec": FIVE_MINUTES,
                "AggregateKeyType": "IP",
                "ScopeDownStatement": {"OrStatement": {"Statements": starts}} if len(starts) > 1 else starts[0],
            }
        },
        "Action": {"Block": {}},
        "VisibilityConfig": {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": RULE},
    }


def first_free(rules):
    taken = {rule["Priority"] for rule in rules}
    return next(number for number in range(len(rules) + 1) if number not in taken)


def change_rules(place, wanted):
    """Puts the rules that `wanted` makes of those found. An update replaces the web ACL, so it has to be of what was read."""
    wafv2 = client_for(place["Scope"])
    taken = wafv2.meta.service_model.operation_model("UpdateWebACL").input_shape.members
    for _ in range(20):
        found = wafv2.get_web_acl(**place)
        web_acl = found["WebACL"]
        rules = wanted(web_acl["Rules"])
        if rules == web_acl["Rules"]:
            return
        kept = {name: web_acl[name] for name in taken if web_acl.get(name) not in (None, "") and name not in place}
        try:
            wafv2.update_web_acl(**{**kept, **place, "Rules": rules, "LockToken": found["LockToken"]})
            return
        except wafv2.exceptions.WAFOptimisticLockException:
            time.sleep(random.uniform(0.1, 0.5))
    raise RuntimeError(f"the web ACL {place['Name']} is being changed by others all the time")


def add_rule(run):
    def with_own(rules):
        return rules if any(one["Name"] == RULE for one in rules) else [*rules, rule_for(run, first_free(rules))]

    change_rules(run["before"]["web_acl"], with_own)


def remove_rule(run):
    change_rules(run["before"]["web_acl"], lambda rules: [one for one in rules if one["Name"] != RULE])


def calls(run, state):
    paths = ", ".join(sorted(set(run["paths"])))
    limited = f"at most {run['limit']} requests in five minutes from one address to {paths}"
    change = f"adds the rule {RULE}: {limited}; all other rules stay"
    return [{"call": "wafv2:UpdateWebACL", "on": f"{state['web_acl']['Scope']} {run['target']}", "change": change}]


def impact(run, state):
    rules = read(state["web_acl"])["WebACL"]["Rules"]
    priority = first_free(rules)
    before = sorted((one for one in rules if one["Priority"] < priority), key=lambda one: one["Priority"])
    letting_in = [one["Name"] for one in before if "Allow" in one.get("Action", {})]
    found = [f"the rule gets priority {priority}; {len(before)} rules come before it"]
    if letting_in:
        found.append(f"what these rules let in is not limited: {', '.join(letting_in)}")
    return found
