"""EKS clusters of the local AWS, and calls to their Kubernetes API, as a person with an access entry makes them."""

import base64
import functools
import json
import ssl
import urllib.request
import uuid

import boto3
from botocore.model import ServiceId
from botocore.signers import RequestSigner
from local_aws.settings import ROOT_SECRET

POD_NETWORK = '{"enableNetworkPolicy": "true", "env": {"ENABLE_PREFIX_DELEGATION": "true"}}'


class Cluster:
    """A cluster, and its API."""

    def __init__(self, aws, addon: str | None = None, public: bool = True):
        self.aws, self.name, eks = aws, f"shop-{uuid.uuid4().hex[:12]}", aws.client("eks")
        eks.create_cluster(
            name=self.name,
            roleArn=f"arn:aws:iam::{aws.account}:role/eks",
            resourcesVpcConfig={"subnetIds": [], "endpointPublicAccess": public, "endpointPrivateAccess": not public},
        )
        if addon is not None:
            eks.create_addon(clusterName=self.name, addonName="vpc-cni", configurationValues=addon)
        self.found = eks.describe_cluster(name=self.name)["cluster"]

    def token(self) -> str:
        session = boto3.session.Session(self.aws.account, ROOT_SECRET, region_name=self.aws.region)
        signer = RequestSigner(ServiceId("STS"), self.aws.region, "sts", "v4", session.get_credentials(), session.events)
        request = {
            "method": "GET",
            "url": f"https://sts.{self.aws.region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
            "body": {},
            "headers": {"x-k8s-aws-id": self.name},
            "context": {},
        }
        signed = signer.generate_presigned_url(request, region_name=self.aws.region, expires_in=60, operation_name="")
        return "k8s-aws-v1." + base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")

    def call(self, method: str, path: str, body: dict | None = None, token: str | None = None) -> dict:
        authority = base64.b64decode(self.found["certificateAuthority"]["data"]).decode()
        request = urllib.request.Request(
            self.found["endpoint"] + path,
            data=json.dumps(body).encode() if body else None,
            method=method,
            headers={"Authorization": f"Bearer {token or self.token()}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, context=ssl.create_default_context(cadata=authority), timeout=10) as response:
            return json.loads(response.read())

    def create(self, path: str, name: str, labels: dict | None = None, **rest) -> None:
        self.call("POST", path, {"metadata": {"name": name, **({"labels": labels} if labels else {})}, **rest})


@functools.cache
def enforcing(aws) -> Cluster:
    """One whose add-on makes network policies true."""
    return Cluster(aws, addon=POD_NETWORK)


@functools.cache
def plain(aws) -> Cluster:
    """One where nobody asked for network policies."""
    return Cluster(aws)
