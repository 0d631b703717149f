import boto3
import ipaddress
import json
import random
import time

# What means nothing on the internet, or means everybody: an entry would block the organisation itself, or do nothing.
NOT_ON_THE_INTERNET = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
]
GLOBAL_UNICAST = "2000::/3"
LARGEST = {4: 24, 6: 48}


def network_of(run):
    network = ipaddress.ip_network(run["target"])
    if network.prefixlen < LARGEST[network.version]:
        raise ValueError(f"{network} is larger than /{LARGEST[network.version]}: it would block too many people")
    if network.version == 4:
        public = not any(network.overlaps(ipaddress.ip_network(one)) for one in NOT_ON_THE_INTERNET)
    else:
        public = network.subnet_of(ipaddress.ip_network(GLOBAL_UNICAST))
    if not public:
        raise ValueError(f"{network} is no address of the internet: nobody comes to a web ACL from there")
    return network


def place_of(arn):
    """The region, and what WAF calls the IP set. The ARN of a set for CloudFront is in the region that it is called in."""
    region, _, path = arn.split(":", 3)[3].split(":", 2)
    scope, _, name, identifier = path.split("/")
    return region, {"Name": name, "Scope": "CLOUDFRONT" if scope == "global" else "REGIONAL", "Id": identifier}


def read_set(arn):
    region, named = place_of(arn)
    wafv2 = boto3.client("wafv2", region_name=region)
    return wafv2.get_ip_set(**named)


def holds(ip_set, network):
    return any(ipaddress.ip_network(one) == network for one in ip_set["Addresses"])


def observe(run):
    network = network_of(run)
    if run["before"]:
        arns = [one["arn"] for one in run["before"]["sets"]]
    else:
        version = f"IPV{network.version}"
        arns = [arn for arn in sorted(set(run["ip_set_arns"])) if read_set(arn)["IPSet"]["IPAddressVersion"] == version]
    return {"address": str(network), "sets": [{"arn": arn, "holds": holds(read_set(arn)["IPSet"], network)} for arn in arns]}


def refuse(run, before):
    if not before["sets"]:
        raise ValueError(f"none of IpSetArns takes addresses of the version of {before['address']}")
    for arn, acl, rule, action in uses(before):
        if action == "Allow":
            raise ValueError(
                f"the rule {rule} of the web ACL {acl} lets in whoever is in {arn}: it is no list of what to block"
            )


def settled(run, state):
    return all(one["holds"] for one in state["sets"])


def change_set(arn, network, add):
    region, named = place_of(arn)
    wafv2 = boto3.client("wafv2", region_name=region)
    for _ in range(20):
        found = wafv2.get_ip_set(**named)
        if holds(found["IPSet"], network) == add:
            return
        others = [one for one in found["IPSet"]["Addresses"] if ipaddress.ip_network(one) != network]
        described = {"Description": found["IPSet"]["Description"]} if found["IPSet"].get("Description") else {}
        try:
            # An update replaces the whole set, so it has to be of the set as it was read.
            wafv2.update_ip_set(
                **named, **described, Addresses=[*others, str(network)] if add else others, LockToken=found["LockToken"]
            )
            return
        except wafv2.exceptions.WAFOptimisticLockException:
            time.sleep(random.uniform(0.1, 0.5))
    raise RuntimeError(f"{arn} is being changed by others all the time")


def add_address(run):
    for one in run["before"]["sets"]:
        change_set(one["arn"], network_of(run), True)


def remove_address(run):
    for one in run["before"]["sets"]:
        if not one["holds"]:
            change_set(one["arn"], network_of(run), False)


def calls(run, state):
    change = f"adds {state['address']}; all other addresses stay"
    return [{"call": "wafv2:UpdateIPSet", "on": one["arn"], "change": change} for one in state["sets"] if not one["holds"]]


def uses(state):
    """Which rule of which web ACL names which of the IP sets, and what it does with whoever is in it."""
    arns = [one["arn"] for one in state["sets"]]
    found = []
    for region, scope in sorted({(region, named["Scope"]) for region, named in map(place_of, arns)}):
        wafv2 = boto3.client("wafv2", region_name=region)
        for acl in web_acls(wafv2, scope):
            web_acl = wafv2.get_web_acl(Name=acl["Name"], Scope=scope, Id=acl["Id"])["WebACL"]
            for rule in web_acl["Rules"]:
                statement = json.dumps(rule["Statement"], default=str)
                # With any other statement around it, an Allow may be for those who are not in the set.
                alone = list(rule["Statement"]) == ["IPSetReferenceStatement"]
                action = next(iter(rule.get("Action", {})), "") if alone else ""
                found += [(arn, acl["Name"], rule["Name"], action) for arn in arns if arn in statement]
    return found


def web_acls(wafv2, scope):
    found, more = [], {}
    while True:
        answer = wafv2.list_web_acls(Scope=scope, Limit=100, **more)
        found += answer["WebACLs"]
        if not answer.get("NextMarker"):
            return found
        more = {"NextMarker": answer["NextMarker"]}


def impact(run, state):
    used = uses(state)
    found = []
    for one in state["sets"]:
        acls = sorted({acl for arn, acl, _, _ in used if arn == one["arn"]})
        by = (
            f"is used by {len(acls)} web ACLs: {', '.join(acls)}"
            if acls
            else "is used by no web ACL itself: unless a rule group uses it, nobody is blocked"
        )
        found.append(f"{one['arn']} {by}")
    return found
