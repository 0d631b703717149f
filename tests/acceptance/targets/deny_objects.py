"""An object in a bucket whose policy says other things too."""

import json

from botocore.exceptions import ClientError

from targets import Target, unique
from targets.bucket import ALL_BLOCKED, PARTNER, PUBLIC, RESPONDER, TLS_ONLY


def statements(policy: str | None) -> list[dict]:
    found = json.loads(policy)["Statement"] if policy else []
    return found if isinstance(found, list) else [found]


class ObjectInBucket(Target):
    action = "deny-objects"
    kinds = {
        "with a policy": {"key": "partner/orders.csv", "found": [PARTNER, TLS_ONLY]},
        "bare": {"key": "exports/"},
        "with one statement": {"key": "partner/*", "found": PARTNER},
        "public, blocked later": {"key": "public/app.js", "found": [PUBLIC], "public_access_block": ALL_BLOCKED},
        "with a strange name": {"key": "exports/$a*b?{1}.csv"},
    }

    def __init__(self, aws, key, found=(), public_access_block=None, bucket=None):
        self.s3, self.account, self.key = aws.client("s3"), aws.account, key
        self.bucket = bucket or unique("customer-data")
        self.id = f"{self.bucket}/{key}"
        self.parameters = {"ResponderArns": [RESPONDER]}
        if bucket:
            return
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"id\n1\n")
        if found:
            policy = json.dumps({"Version": "2008-10-17", "Id": "Shop", "Statement": found}, indent=2)
            self.s3.put_bucket_policy(Bucket=self.bucket, Policy=policy.replace("{bucket}", self.bucket))
        if public_access_block:
            self.s3.put_public_access_block(Bucket=self.bucket, PublicAccessBlockConfiguration=public_access_block)

    def reading(self, read, part: str):
        try:
            return read(Bucket=self.bucket)[part]
        except ClientError:
            return None

    def policy(self) -> str | None:
        return self.reading(self.s3.get_bucket_policy, "Policy")

    def everything(self) -> dict:
        policy = self.policy()
        return {
            # What it says and in which order; the white space of people is not kept.
            "policy": policy and {**json.loads(policy), "Statement": statements(policy)},
            "public_access_block": self.reading(self.s3.get_public_access_block, "PublicAccessBlockConfiguration"),
            "objects": [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.bucket)["Contents"]],
        }

    def resources(self) -> list[str]:
        arn = f"arn:aws:s3:::{self.bucket}/"
        return {
            "partner/orders.csv": [f"{arn}partner/orders.csv", f"{arn}partner/orders.csv/*"],
            "exports/": [f"{arn}exports/*"],
            "a/": [f"{arn}a/*"],
            "partner/*": [f"{arn}partner/*"],
            "public/app.js": [f"{arn}public/app.js", f"{arn}public/app.js/*"],
            "exports/$a*b?{1}.csv": [f"{arn}exports/?a?b?{{1}}.csv", f"{arn}exports/?a?b?{{1}}.csv/*"],
        }[self.key]

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["objects"] == found["objects"]
        assert now["public_access_block"] == found["public_access_block"]
        earlier = found["policy"] or {"Version": "2012-10-17", "Statement": []}
        assert now["policy"]["Statement"][:-1] == earlier["Statement"]
        assert {**now["policy"], "Statement": []} == {**earlier, "Statement": []}
        own = now["policy"]["Statement"][-1]
        assert own["Sid"].startswith("TocsinDenyObjects")
        spared = sorted([RESPONDER, f"arn:aws:iam::{self.account}:role/Tocsin-DenyObjects"])
        assert {key: value for key, value in own.items() if key != "Sid"} == {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": self.resources(),
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": spared}},
        }
        blocked = bool((found["public_access_block"] or {}).get("BlockPublicPolicy"))
        assert observation == {"target": self.id, "sid": own["Sid"], "statement": own, "block_public_policy": blocked}
