"""A web ACL with rules and settings of its own."""

from targets import Target, unique

VISIBLE = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": True, "MetricName": "shop"}
BOTS = {
    "ByteMatchStatement": {
        "SearchString": b"bad bot",
        "FieldToMatch": {"SingleHeader": {"Name": "user-agent"}},
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        "PositionalConstraint": "CONTAINS",
    }
}
EVERYTHING = {
    "Description": "in front of the shop",
    "CustomResponseBodies": {"wait": {"ContentType": "TEXT_PLAIN", "Content": "Try again later."}},
    "CaptchaConfig": {"ImmunityTimeProperty": {"ImmunityTime": 120}},
    "ChallengeConfig": {"ImmunityTimeProperty": {"ImmunityTime": 300}},
    "TokenDomains": ["shop.example"],
    "AssociationConfig": {"RequestBody": {"CLOUDFRONT": {"DefaultSizeInspectionLimit": "KB_64"}}},
}


def rule(name: str, priority: int, action: str = "Block") -> dict:
    return {"Name": name, "Priority": priority, "Statement": BOTS, "Action": {action: {}}, "VisibilityConfig": VISIBLE}


class WebAcl(Target):
    action = "limit-rate"
    kinds = {
        "with rules": {"rules": [rule("bots", 0), rule("partners", 2, "Allow")], "settings": EVERYTHING, "priority": 1},
        "of CloudFront": {"scope": "CLOUDFRONT", "rules": [rule("bots", 5)]},
        "bare, one path": {"paths": ["/Checkout"], "limit": "10"},
    }

    def __init__(self, aws, scope="REGIONAL", rules=(), settings=None, priority=0, paths=(), limit="", name=None):
        self.waf = aws.client("wafv2", **({"region": "us-east-1"} if scope == "CLOUDFRONT" else {}))
        self.id, self.priority = name or unique("shop"), priority
        self.paths, self.limit = paths or ["/checkout", "/account", "/login"], limit or "100"
        self.parameters = {**({"Paths": paths} if paths else {}), **({"Limit": limit} if limit else {})}
        given = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": VISIBLE, **(settings or {})}
        made = self.waf.create_web_acl(Name=self.id, Scope=scope, Rules=list(rules), **given)["Summary"]
        self.place = {"Name": self.id, "Scope": scope, "Id": made["Id"]}

    def everything(self) -> dict:
        return self.waf.get_web_acl(**self.place)["WebACL"]

    def starts_with(self, path: str) -> dict:
        transformations = [(0, "URL_DECODE"), (1, "NORMALIZE_PATH"), (2, "LOWERCASE")]
        return {
            "ByteMatchStatement": {
                "SearchString": path.lower().encode(),
                "FieldToMatch": {"UriPath": {}},
                "TextTransformations": [{"Priority": number, "Type": name} for number, name in transformations],
                "PositionalConstraint": "STARTS_WITH",
            }
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert {**now, "Rules": now["Rules"][:-1]} == found
        own = now["Rules"][-1]
        assert (own["Name"], own["Priority"], own["Action"]) == ("TocsinLimitRate", self.priority, {"Block": {}})
        rated = own["Statement"]["RateBasedStatement"]
        assert (rated["Limit"], rated["EvaluationWindowSec"], rated["AggregateKeyType"]) == (int(self.limit), 300, "IP")
        narrowed = [self.starts_with(path) for path in sorted(self.paths)]
        assert rated["ScopeDownStatement"] == ({"OrStatement": {"Statements": narrowed}} if len(narrowed) > 1 else narrowed[0])
        assert observation["web_acl"] == self.place
        assert (observation["rule"]["Name"], observation["rule"]["Priority"]) == ("TocsinLimitRate", self.priority)
        assert observation["rule"]["Statement"]["RateBasedStatement"]["Limit"] == int(self.limit)
