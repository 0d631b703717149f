"""An address, and IP sets of both scopes and versions that web ACLs use."""

import itertools

from targets import Target, unique

SEEN = itertools.count(1)
VISIBLE = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "shop"}


def blocking(arn: str, action: str = "Block") -> dict:
    statement = {"IPSetReferenceStatement": {"ARN": arn}}
    return {"Name": "listed", "Priority": 0, "Statement": statement, "Action": {action: {}}, "VisibilityConfig": VISIBLE}


class Address(Target):
    action = "block-address"
    kinds = {
        "one address": {"written": "203.0.113.{}", "entry": "203.0.113.{}/32"},
        "a network": {"written": "198.51.{}.0/24", "entry": "198.51.{}.0/24"},
        "IPv6": {"written": "2001:DB8:0:{}::1", "entry": "2001:db8:0:{}::1/128"},
        "listed already": {"written": "192.0.2.{}/32", "entry": "192.0.2.{}/32", "listed": True},
    }

    def __init__(self, aws, written="203.0.113.{}", entry="203.0.113.{}/32", listed=False, action="Block"):
        number = next(SEEN)
        self.id, self.entry = written.format(number), entry.format(number)
        self.waf = {"REGIONAL": aws.client("wafv2"), "CLOUDFRONT": aws.client("wafv2", region="us-east-1")}
        self.sets = {}
        for scope, version in itertools.product(self.waf, ("IPV4", "IPV6")):
            name = unique("blocked")
            # An entry for a network that holds the address too, and one as a person would write it.
            other = {"IPV4": ["203.0.113.0/24", "192.0.2.200/32"], "IPV6": ["2001:0db8:ffff::/48"]}[version]
            mine = [self.entry] if listed and version == self.version() else []
            made = self.waf[scope].create_ip_set(
                Name=name, Scope=scope, IPAddressVersion=version, Addresses=[*other, *mine], Description="kept by the shop"
            )["Summary"]
            self.sets[made["ARN"]] = {"Name": name, "Scope": scope, "Id": made["Id"]}
            self.waf[scope].create_web_acl(
                Name=unique("shop"),
                Scope=scope,
                DefaultAction={"Allow": {}},
                Rules=[blocking(made["ARN"], action)],
                VisibilityConfig=VISIBLE,
            )
        self.parameters = {"IpSetArns": list(self.sets)}

    def version(self) -> str:
        return "IPV6" if ":" in self.entry else "IPV4"

    def everything(self) -> dict:
        found = {arn: self.waf[named["Scope"]].get_ip_set(**named)["IPSet"] for arn, named in self.sets.items()}
        # A set has no order.
        return {arn: {**one, "Addresses": sorted(one["Addresses"])} for arn, one in found.items()}

    def assert_contained(self, found: dict, observation: dict) -> None:
        changed = sorted(arn for arn, one in found.items() if one["IPAddressVersion"] == self.version())
        for arn, one in self.everything().items():
            added = {self.entry} if arn in changed else set()
            assert one == {**found[arn], "Addresses": sorted({*found[arn]["Addresses"], *added})}
        sets = [{"arn": arn, "holds": True} for arn in changed]
        assert observation == {"target": self.id, "address": self.entry, "sets": sets}
