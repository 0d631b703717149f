"""A member account of the organization, with a service control policy of its own or without."""

import json

from targets import Target, unique

RESPONDER = "arn:aws:iam::111122223333:role/incident-response/responder"
KIND = "SERVICE_CONTROL_POLICY"
OWN = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}]}


def organization(client) -> str:
    """The account's organization, with service control policies enabled; the id of its root."""
    try:
        client.create_organization(FeatureSet="ALL")
    except client.exceptions.AlreadyInOrganizationException:
        pass
    (root,) = client.list_roots()["Roots"]
    if not any(one["Type"] == KIND for one in root["PolicyTypes"]):
        client.enable_policy_type(RootId=root["Id"], PolicyType=KIND)
    return root["Id"]


class Account(Target):
    """A member account, as the management account sees it."""

    action = "deny-account"
    kinds = {"with a policy of its own": {"own": True}, "plain": {}}

    def __init__(self, aws, own=False, responders=(RESPONDER,)):
        self.organizations, self.responders = aws.client("organizations"), list(responders)
        organization(self.organizations)
        name = unique("shop")
        made = self.organizations.create_account(Email=f"{name}@shop.example", AccountName=name)["CreateAccountStatus"]
        self.id, self.name = made["AccountId"], name
        if own:
            policy = self.organizations.create_policy(Name=name, Description="own", Type=KIND, Content=json.dumps(OWN))
            self.organizations.attach_policy(PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=self.id)

    @property
    def parameters(self) -> dict:
        return {"ResponderArns": self.responders}

    def everything(self) -> dict:
        pages = self.organizations.get_paginator("list_policies").paginate(Filter=KIND)
        policies = [one for page in pages for one in page["Policies"]]
        return {
            "account": self.organizations.describe_account(AccountId=self.id)["Account"],
            "attached": [
                one["Name"] for one in self.organizations.list_policies_for_target(TargetId=self.id, Filter=KIND)["Policies"]
            ],
            "policies": {
                one["Name"]: {
                    "content": self.organizations.describe_policy(PolicyId=one["Id"])["Policy"]["Content"],
                    "targets": [
                        target["TargetId"]
                        for target in self.organizations.list_targets_for_policy(PolicyId=one["Id"])["Targets"]
                    ],
                    "tags": self.organizations.list_tags_for_resource(ResourceId=one["Id"])["Tags"],
                }
                for one in policies
                # The organization is shared with the other targets.
                if one["Name"] in (self.name, f"TocsinDenyAccount-{self.id}")
            },
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now, name = self.everything(), f"TocsinDenyAccount-{self.id}"
        made = now["policies"].pop(name)
        assert now["policies"] == found["policies"]
        assert now["account"] == found["account"]
        assert sorted(now["attached"]) == sorted([*found["attached"], name])
        assert made["targets"] == [self.id]
        assert made["tags"] == [{"Key": "tocsin:action", "Value": "deny-account"}]
        (statement,) = json.loads(made["content"])["Statement"]
        spared = sorted([*self.responders, f"arn:aws:iam::{self.id}:role/Tocsin-*"])
        assert statement == {
            "Sid": "TocsinDenyAccount",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": spared}},
        }
        assert observation == {
            "target": self.id,
            "policy": made["content"],
            "attached": True,
            "others": sorted(found["attached"]),
        }
