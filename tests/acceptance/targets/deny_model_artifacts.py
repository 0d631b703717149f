"""A model with artifacts in one or several buckets."""

import json

from botocore.exceptions import ClientError

from targets import Target, unique
from targets.bucket import ALL_BLOCKED, PARTNER, PUBLIC, RESPONDER

KEPT = "arn:aws:iam::111122223333:role/shop/recommendation-endpoint"
IMAGE = "763104351884.dkr.ecr.eu-central-1.amazonaws.com/pytorch-inference:2.6"
FOREIGN = "s3://jumpstart-cache-prod-eu-central-1/pytorch/model.tar.gz"


def folder(uri: str) -> dict:
    return {"S3DataSource": {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None"}}


class ModelArtifacts(Target):
    action = "deny-model-artifacts"
    kinds = {
        "in two buckets": {"many": True, "found": PARTNER, "keep": [KEPT]},
        "of one file": {},
        "of a package": {"packaged": True},
        "public, blocked later": {"found": [PUBLIC], "public_access_block": ALL_BLOCKED},
    }

    def __init__(self, aws, many=False, packaged=False, found=(), public_access_block=None, keep=(), data=None):
        self.aws, self.s3, self.sagemaker = aws, aws.client("s3"), aws.client("sagemaker")
        self.id, self.keep, self.left_alone = unique("recommendation"), list(keep), []
        self.parameters = {"ResponderArns": [RESPONDER], **({"KeepRoleArns": self.keep} if keep else {})}
        self.buckets = [self.make_bucket(found, public_access_block)] + ([self.make_bucket()] if many else [])
        one, other = self.buckets[0], self.buckets[-1]
        role = f"arn:aws:iam::{aws.account}:role/endpoint"
        if many:
            self.left_alone = [f"{FOREIGN}: no bucket of this account"]
            first = {"Image": IMAGE, "ModelDataUrl": f"s3://{one}/models/a/model.tar.gz"}
            additional = [
                {"ChannelName": "draft", **folder(f"s3://{other}/draft/")},
                {"ChannelName": "base", **folder(FOREIGN)},
            ]
            second = {
                "Image": IMAGE,
                "ModelDataSource": folder(f"s3://{other}/models/b/"),
                "AdditionalModelDataSources": additional,
            }
            self.sagemaker.create_model(ModelName=self.id, ExecutionRoleArn=role, Containers=[first, second])
            self.resources = {
                one: self.file(one, "models/a/model.tar.gz"),
                other: [f"arn:aws:s3:::{other}/{key}/*" for key in ("draft", "models/b")],
            }
        elif packaged:
            inference = {"Image": IMAGE, "ModelDataUrl": f"s3://{one}/packages/3.tar.gz"}
            package = self.sagemaker.create_model_package(
                ModelPackageName=unique("package"),
                ModelPackageDescription="made for the shop",
                InferenceSpecification={
                    "Containers": [inference],
                    "SupportedContentTypes": ["text/csv"],
                    "SupportedResponseMIMETypes": ["text/csv"],
                },
            )
            container = {"ModelPackageName": package["ModelPackageArn"]}
            self.sagemaker.create_model(ModelName=self.id, ExecutionRoleArn=role, PrimaryContainer=container)
            self.resources = {one: self.file(one, "packages/3.tar.gz")}
        else:
            container = {"Image": IMAGE, "ModelDataUrl": data or f"s3://{one}/model.tar.gz"}
            self.sagemaker.create_model(ModelName=self.id, ExecutionRoleArn=role, PrimaryContainer=container)
            self.resources = {one: self.file(one, "model.tar.gz")}

    @staticmethod
    def file(bucket: str, key: str) -> list[str]:
        return [f"arn:aws:s3:::{bucket}/{key}", f"arn:aws:s3:::{bucket}/{key}/*"]

    def make_bucket(self, found=(), public_access_block=None) -> str:
        name = unique("models")
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.aws.region})
        if found:
            policy = json.dumps({"Version": "2012-10-17", "Statement": found})
            self.s3.put_bucket_policy(Bucket=name, Policy=policy.replace("{bucket}", name))
        if public_access_block:
            self.s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=public_access_block)
        return name

    def reading(self, read, bucket: str, part: str):
        try:
            return read(Bucket=bucket)[part]
        except ClientError:
            return None

    def policy(self, bucket: str) -> dict | None:
        text = self.reading(self.s3.get_bucket_policy, bucket, "Policy")
        policy = text and json.loads(text)
        if policy and isinstance(policy["Statement"], dict):
            policy["Statement"] = [policy["Statement"]]
        return policy

    def everything(self) -> dict:
        try:
            model = self.sagemaker.describe_model(ModelName=self.id)["ModelArn"]
        except ClientError:
            model = None
        return {
            "model": model,
            **{
                bucket: {
                    "policy": self.policy(bucket),
                    "switches": self.reading(self.s3.get_public_access_block, bucket, "PublicAccessBlockConfiguration"),
                }
                for bucket in self.buckets
            },
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        spared = sorted([RESPONDER, *self.keep, f"arn:aws:iam::{self.aws.account}:role/Tocsin-DenyModelArtifacts"])
        for bucket, resources in self.resources.items():
            earlier = found[bucket]["policy"] or {"Version": "2012-10-17", "Statement": []}
            assert now[bucket]["switches"] == found[bucket]["switches"]
            assert now[bucket]["policy"]["Statement"][:-1] == earlier["Statement"]
            own = now[bucket]["policy"]["Statement"][-1]
            assert own == {
                "Sid": observation["sid"],
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:GetObject*",
                "Resource": resources,
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": spared}},
            }
            assert observation["statements"][bucket] == own
        assert set(observation["statements"]) == set(self.resources)
        assert observation["left_alone"] == self.left_alone
