"""A bucket with an object, and with the settings asked for."""

import json

from botocore.exceptions import ClientError

from targets import Target, unique, without

RESPONDER = "arn:aws:iam::111122223333:role/incident-response/responder"
ALL_BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-0123456789ab"


PUBLIC = {
    "Sid": "Shop",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::{bucket}/public/*",
}
PARTNER = {
    "Effect": "Allow",
    "Principal": {"AWS": "444455556666"},
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": ["arn:aws:s3:::{bucket}/partner/*"],
}
TLS_ONLY = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::{bucket}", "arn:aws:s3:::{bucket}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
AES = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
OWN_KEY = {
    "Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}, "BucketKeyEnabled": True}
    ]
}
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
PARTNER_ID = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
LIFECYCLE = [{"ID": "purge", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
SOME_BLOCKED = {**ALL_BLOCKED, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}


class Bucket(Target):
    """A bucket with an object, and with the settings asked for."""

    action = "lock-bucket"
    kinds = {
        "with everything": {
            "public_access_block": SOME_BLOCKED,
            "encryption": AES,
            "statements": [PUBLIC, PARTNER, TLS_ONLY],
            "ownership": "ObjectWriter",
            "granted": [("CanonicalUser", PARTNER_ID, "READ"), ("Group", LOG_DELIVERY, "WRITE")],
            "versioning": "Suspended",
            "lifecycle": LIFECYCLE,
        },
        "bare": {},
        # As buckets were before 2023: no ownership was ever set, and the public let in by ACL.
        "public by its ACL, blocked later": {
            "public_access_block": ALL_BLOCKED,
            "ownership": None,
            "granted": [("Group", ALL_USERS, "READ")],
            "versioning": "Enabled",
        },
        "preferred by its owner, with a private ACL": {"ownership": "BucketOwnerPreferred"},
        "with one statement": {"encryption": OWN_KEY, "statements": PARTNER, "key": KEY},
        "public, blocked later": {"public_access_block": ALL_BLOCKED, "statements": [PUBLIC]},
    }

    def __init__(
        self,
        aws,
        public_access_block=None,
        encryption=None,
        statements=(),
        key="",
        ownership="BucketOwnerEnforced",
        granted=(),
        versioning=None,
        lifecycle=(),
    ):
        self.s3, self.id, self.account, self.key = aws.client("s3"), unique("customer-data"), aws.account, key
        self.s3.create_bucket(Bucket=self.id, CreateBucketConfiguration={"LocationConstraint": aws.region})
        self.s3.put_object(Bucket=self.id, Key="customers.csv", Body=b"id\n1\n")
        if statements:
            policy = {"Version": "2008-10-17", "Id": "Shop", "Statement": statements}
            # As people write it: indented, so that restoring it word for word is more than restoring its meaning.
            self.s3.put_bucket_policy(Bucket=self.id, Policy=json.dumps(policy, indent=2).replace("{bucket}", self.id))
        if encryption:
            self.s3.put_bucket_encryption(Bucket=self.id, ServerSideEncryptionConfiguration=encryption)
        self.own(ownership)
        if granted:
            self.grant(granted)
        if versioning:
            self.s3.put_bucket_versioning(Bucket=self.id, VersioningConfiguration={"Status": versioning})
        if lifecycle:
            self.s3.put_bucket_lifecycle_configuration(Bucket=self.id, LifecycleConfiguration={"Rules": lifecycle})
        if public_access_block:
            self.s3.put_public_access_block(Bucket=self.id, PublicAccessBlockConfiguration=public_access_block)

    def own(self, ownership: str | None) -> None:
        if ownership:
            controls = {"Rules": [{"ObjectOwnership": ownership}]}
            self.s3.put_bucket_ownership_controls(Bucket=self.id, OwnershipControls=controls)
        else:
            self.s3.delete_bucket_ownership_controls(Bucket=self.id)

    def grant(self, granted) -> None:
        """Beside what the owner has."""
        acl = without(self.s3.get_bucket_acl(Bucket=self.id), "ResponseMetadata")
        for kind, who, permission in granted:
            grantee = {"Type": kind, {"CanonicalUser": "ID", "Group": "URI"}[kind]: who}
            acl["Grants"].append({"Grantee": grantee, "Permission": permission})
        self.s3.put_bucket_acl(Bucket=self.id, AccessControlPolicy=acl)

    @property
    def parameters(self) -> dict:
        key = {"KmsKeyArn": self.key} if self.key else {}
        return {"ResponderArns": [RESPONDER], **key}

    def everything(self) -> dict:
        readings = {
            "public_access_block": lambda: self.s3.get_public_access_block(Bucket=self.id)["PublicAccessBlockConfiguration"],
            "encryption": lambda: self.s3.get_bucket_encryption(Bucket=self.id)["ServerSideEncryptionConfiguration"],
            "policy": lambda: self.s3.get_bucket_policy(Bucket=self.id)["Policy"],
            "ownership": lambda: self.s3.get_bucket_ownership_controls(Bucket=self.id)["OwnershipControls"],
            "acl": lambda: without(self.s3.get_bucket_acl(Bucket=self.id), "ResponseMetadata"),
            "versioning": lambda: self.s3.get_bucket_versioning(Bucket=self.id).get("Status"),
            "lifecycle": lambda: self.s3.get_bucket_lifecycle_configuration(Bucket=self.id)["Rules"],
            "objects": lambda: [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.id)["Contents"]],
        }
        state = {}
        for name, read in readings.items():
            try:
                state[name] = read()
            except ClientError as error:
                state[name] = error.response["Error"]["Code"]
        return state

    def assert_contained(self, before: dict, observation: dict) -> None:
        now = self.everything()
        assert now["public_access_block"] == ALL_BLOCKED
        rule = now["encryption"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
        assert rule == {"SSEAlgorithm": "aws:kms", **({"KMSMasterKeyID": self.key} if self.key else {})}
        found = json.loads(before["policy"]) if before["policy"].startswith("{") else {}
        kept = found.get("Statement", [])
        kept = kept if isinstance(kept, list) else [kept]
        policy = json.loads(now["policy"])
        assert policy["Statement"][:-1] == kept
        assert without(policy, "Statement") == (without(found, "Statement") or {"Version": "2012-10-17"})
        lock = policy["Statement"][-1]
        assert lock["Sid"] == "TocsinLockBucket"
        assert (lock["Effect"], lock["Principal"], lock["Action"]) == ("Deny", "*", "s3:*")
        assert lock["Resource"] == [f"arn:aws:s3:::{self.id}", f"arn:aws:s3:::{self.id}/*"]
        own = [f"arn:aws:iam::{self.account}:role/Tocsin-{name}" for name in ("LockBucket", "DenyObjects", "DenyModelArtifacts")]
        assert lock["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": sorted([RESPONDER, *own])}}
        assert now["ownership"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        (grant,) = now["acl"]["Grants"]
        assert (grant["Grantee"]["ID"], grant["Permission"]) == (now["acl"]["Owner"]["ID"], "FULL_CONTROL")
        # Versioning that was suspended goes on; what never had versions gets none.
        assert now["versioning"] == ("Enabled" if before["versioning"] else None)
        for part in ("objects", "lifecycle"):
            assert now[part] == before[part]
        assert observation == {
            "target": self.id,
            **{part: now[part] for part in ("public_access_block", "encryption", "policy", "acl", "versioning")},
            "ownership": "BucketOwnerEnforced",
            "carries_on": ["lifecycle rule purge: deletes objects"] if isinstance(now["lifecycle"], list) else [],
        }
