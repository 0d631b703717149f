"""A user of IAM Identity Center with groups and assignments, by permission sets with inline policies and without."""

import json

from targets import Target, unique

OWN = {
    "Version": "2012-10-17",
    "Statement": {"Sid": "Shop", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"},
}
ACCOUNTS = ("222233334444", "333344445555")


class IdentityUser(Target):
    """A user, and beside it a colleague who keeps what it has."""

    action = "lock-identity-user"
    kinds = {"by groups and of its own": {"groups": 2, "assigned": True}, "by a group": {"groups": 1}, "bare": {}}
    # A membership that is made again has an id of its own.
    lost = ("ids",)

    def __init__(self, aws, groups=0, assigned=False):
        self.sso, self.identitystore = aws.client("sso-admin"), aws.client("identitystore")
        (instance,) = self.sso.list_instances()["Instances"]
        self.instance, self.store = instance["InstanceArn"], instance["IdentityStoreId"]
        self.id, self.colleague = self.make_user(), self.make_user()
        # The first has an inline policy as people write it: indented, and one statement without a list.
        self.sets = [self.make_set(json.dumps(OWN, indent=2)), self.make_set(None)]
        self.groups = [self.make_group(permission_set) for permission_set in self.sets[:groups]]
        if assigned:
            for account in ACCOUNTS:
                self.assign(account, self.sets[0], "USER", self.id)
            self.assign(ACCOUNTS[0], self.sets[1], "USER", self.colleague)

    def make_user(self) -> str:
        name = unique("merchant")
        made = self.identitystore.create_user(
            IdentityStoreId=self.store, UserName=name, DisplayName=name, Name={"GivenName": "A", "FamilyName": "Merchant"}
        )
        return made["UserId"]

    def make_set(self, policy: str | None) -> str:
        made = self.sso.create_permission_set(InstanceArn=self.instance, Name=unique("Shop"))["PermissionSet"][
            "PermissionSetArn"
        ]
        if policy:
            self.sso.put_inline_policy_to_permission_set(InstanceArn=self.instance, PermissionSetArn=made, InlinePolicy=policy)
        return made

    def make_group(self, permission_set: str) -> str:
        group = self.identitystore.create_group(IdentityStoreId=self.store, DisplayName=unique("merchants"))["GroupId"]
        for user in (self.id, self.colleague):
            self.identitystore.create_group_membership(IdentityStoreId=self.store, GroupId=group, MemberId={"UserId": user})
        self.assign(ACCOUNTS[1], permission_set, "GROUP", group)
        return group

    def assign(self, account: str, permission_set: str, kind: str, principal: str) -> None:
        self.sso.create_account_assignment(
            InstanceArn=self.instance,
            TargetId=account,
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=permission_set,
            PrincipalType=kind,
            PrincipalId=principal,
        )

    def inline(self, permission_set: str) -> str:
        return self.sso.get_inline_policy_for_permission_set(InstanceArn=self.instance, PermissionSetArn=permission_set)[
            "InlinePolicy"
        ]

    def assignments(self, kind: str, principal: str) -> list[tuple[str, str]]:
        found = self.sso.list_account_assignments_for_principal(
            InstanceArn=self.instance, PrincipalId=principal, PrincipalType=kind
        )
        return sorted((one["AccountId"], one["PermissionSetArn"]) for one in found["AccountAssignments"])

    def memberships(self, user: str) -> dict[str, str]:
        found = self.identitystore.list_group_memberships_for_member(IdentityStoreId=self.store, MemberId={"UserId": user})
        return {one["GroupId"]: one["MembershipId"] for one in found["GroupMemberships"]}

    def everything(self) -> dict:
        return {
            "user": self.identitystore.describe_user(IdentityStoreId=self.store, UserId=self.id)["UserName"],
            "groups": sorted(self.memberships(self.id)),
            "assignments": self.assignments("USER", self.id),
            "of groups": {group: self.assignments("GROUP", group) for group in self.groups},
            "of the colleague": (sorted(self.memberships(self.colleague)), self.assignments("USER", self.colleague)),
            "policies": {one: self.inline(one) for one in self.sets},
            "ids": sorted(self.memberships(self.id).values()),
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert (now["groups"], now["assignments"]) == ([], [])
        for part in ("user", "of groups", "of the colleague"):
            assert now[part] == found[part]
        reached = {one for _, one in found["assignments"]} | {
            one for group in found["groups"] for _, one in found["of groups"][group]
        }
        denial = {
            "Sid": f"TocsinLock{self.id.replace('-', '')}",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"identitystore:UserId": [self.id]}},
        }
        for one in self.sets:
            if one not in reached:
                assert now["policies"][one] == found["policies"][one]
                continue
            before = json.loads(found["policies"][one] or "{}")
            kept = [before["Statement"]] if before else []
            assert json.loads(now["policies"][one]) == {"Version": "2012-10-17", "Statement": [*kept, denial]}
        assert observation == {
            "target": self.id,
            "instance": self.instance,
            "store": self.store,
            "groups": [],
            "assignments": [],
            "permission_sets": {
                one.split("/")[-1]: {"policy": now["policies"][one], "locks": {"Statement": [denial]}} for one in reached
            },
        }
