"""Evidence of what runs in clusters of Kubernetes, as GuardDuty names it: a pod without its cluster, the node, the container; and of a customer's account.

Clusters, their logs and instances are those of the local AWS; the lines in the logs are the test's.
"""

import datetime
import json
import time
import uuid

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from demo import organisation, stack
from demo.records import Records
from responses import Response
from targets import unique
from targets.disable_pool_user import PoolUser

CONTAINER = "c0ffee" * 10 + "c0ff"
POD, NAMESPACE = "checkout-7d9f", "shop"
# What the lines about other pods say. No name that is made by chance has it.
OF_OTHERS = "nothing to do with this pod"


class Workload:
    """A pod on a node of a cluster, whose logs and whose other cluster's logs CloudWatch has."""

    def __init__(self, aws):
        self.aws, self.now = aws, datetime.datetime.now(datetime.UTC)
        self.cluster, self.other = unique("shop"), unique("batch")
        for name in (self.cluster, self.other):
            aws.client("eks").create_cluster(name=name, roleArn=f"arn:aws:iam::{aws.account}:role/eks", resourcesVpcConfig={"subnetIds": []})
        (machine,) = aws.client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"]
        self.instance, self.node = machine["InstanceId"], machine["PrivateDnsName"]
        status = {"verb": "patch", "objectRef": {"name": POD, "subresource": "status"}, "containerID": CONTAINER}
        self.write(f"/aws/eks/{self.cluster}/cluster", "kube-apiserver-audit-0a1b", json.dumps(status))
        self.write(f"/aws/eks/{self.cluster}/cluster", "kube-apiserver-audit-0a1b", json.dumps({"verb": "list", "objectRef": {"name": OF_OTHERS}}))
        line = {"log": "paid by card", "kubernetes": {"pod_name": POD, "docker_id": CONTAINER}}
        self.write(f"/aws/containerinsights/{self.cluster}/application", f"{self.node}-application", json.dumps(line))
        self.write(f"/aws/containerinsights/{self.other}/application", "n-application", json.dumps({"log": OF_OTHERS, "kubernetes": {"pod_name": "reports"}}))

    def write(self, group: str, stream: str, message: str) -> None:
        logs = self.aws.client("logs")
        for create, given in ((logs.create_log_group, {}), (logs.create_log_stream, {"logStreamName": stream})):
            try:
                create(logGroupName=group, **given)
            except logs.exceptions.ResourceAlreadyExistsException:
                continue
        event = {"timestamp": int(time.time() * 1000), "message": message}
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])

    def finding(self) -> dict:
        """What a kubelet does that is not meant to; GuardDuty names the node by its user."""
        identity = unique("f").replace("-", "")
        moment = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        account, region = self.aws.account, self.aws.region
        workload = {"name": POD, "type": "pods", "namespace": NAMESPACE, "containers": [{"containerRuntime": "containerd", "id": CONTAINER, "name": "checkout"}]}
        return {
            "schemaVersion": "2.0",
            "accountId": account,
            "region": region,
            "partition": "aws",
            "id": identity,
            "arn": f"arn:aws:guardduty:{region}:{account}:detector/4ec8f0a1b2c3d4e5f60718293a4b5c6d/finding/{identity}",
            "type": "Discovery:Kubernetes/MaliciousIPCaller",
            "resource": {
                "resourceType": "EKSCluster",
                "eksClusterDetails": {"name": self.cluster, "arn": f"arn:aws:eks:{region}:{account}:cluster/{self.cluster}"},
                "kubernetesDetails": {"kubernetesUserDetails": {"username": f"system:node:{self.node}"}, "kubernetesWorkloadDetails": workload},
            },
            "service": {"serviceName": "guardduty", "detectorId": "4ec8f0a1b2c3d4e5f60718293a4b5c6d", "action": {}, "count": 1, "archived": False, "eventFirstSeen": moment, "eventLastSeen": moment},
            "severity": 5,
            "createdAt": moment,
            "updatedAt": moment,
            "title": "A Kubernetes API was called from a known malicious IP address.",
            "description": "A finding that names a pod, its container and its node.",
        }


class OfWorkload(Response):
    def __init__(self, aws, tocsin, workload: Workload):
        self.aws, self.stack, self.records = aws, tocsin, Records(aws, tocsin.table)
        place = {"account": workload.aws.account, "region": workload.aws.region}
        event = {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": workload.finding()} | place
        self.follow(json.dumps(event))
        aws.client("sqs").send_message(QueueUrl=tocsin.queue, MessageBody=json.dumps(event))
        name = f"evidence-preservation {self.incident}"
        ended = lambda: self.watch.executions("evidence-preservation").get(name, "RUNNING") != "RUNNING"  # noqa: E731
        aws.wait_until(ended, seconds=90, every=0.2, what="the end of preservation")

    def gaps(self) -> set[tuple[str, str]]:
        return {(item["item"]["source"], gap["part"]) for item in self.of("EVIDENCE") for gap in item["gaps"]}


@pytest.fixture(scope="module")
def workload(aws, tocsin):
    organisation.put(aws, tocsin.settings, organisation.settings([]))
    return Workload(aws.at(stack.MEMBER))


@pytest.fixture(scope="module")
def preserved(aws, tocsin, workload):
    return OfWorkload(aws, tocsin, workload)


ANSWERS = [
    ("pod", "audit-log", lambda w: POD),
    ("pod", "log", lambda w: "paid by card"),
    ("container", "kubernetes-log", lambda w: "paid by card"),
    ("container", "audit-log", lambda w: CONTAINER),
    ("node", "instance", lambda w: w.instance),
    ("node", "console", lambda w: "<output>"),
    ("cluster", "kubernetes", lambda w: w.cluster),
]


@pytest.mark.parametrize(("source", "call", "shown"), ANSWERS, ids=[f"{source}: {call}" for source, call, _ in ANSWERS])
def test_what_a_service_answered_is_kept(preserved, workload, source, call, shown):
    answers = [answer.decode() for answer in preserved.kept(source, call)]
    assert any(shown(workload) in answer for answer in answers), answers


@pytest.mark.parametrize(("source", "call"), [("pod", "audit-log"), ("pod", "log"), ("container", "kubernetes-log")])
def test_nothing_of_other_pods_is_kept_with_it(preserved, source, call):
    kept = b"".join(preserved.kept(source, call))
    assert OF_OTHERS.encode() not in kept


def test_what_was_logged_is_no_gap(preserved):
    there = {(source, part) for source in ("pod", "container") for part in ("item", "audit-log-missing", "log-missing")} | {("node", "item"), ("node", "console")}
    assert preserved.gaps() & there == set()


def test_a_customers_account_is_read(aws, tocsin, preserved):
    """No source of findings names one, so a copy of an incident does."""
    place = aws.at(stack.MEMBER)
    customer, incident = PoolUser(place, group="wholesale"), f"inc-{uuid.uuid4().hex[:20]}"
    table, read, write = aws.client("dynamodb"), TypeDeserializer().deserialize, TypeSerializer().serialize
    key = {"pk": {"S": f"INCIDENT#{preserved.incident}"}, "sk": {"S": "INCIDENT"}}
    found = {name: read(value) for name, value in table.get_item(TableName=tocsin.table, Key=key)["Item"].items()}
    entity = {"kind": "pool-user", "id": customer.id, "arn": None, "account": place.account, "region": place.region}
    found |= {"pk": f"INCIDENT#{incident}", "record": found["record"] | {"id": incident, "entities": [entity]}}
    table.put_item(TableName=tocsin.table, Item={name: write(value) for name, value in found.items()})
    for _ in range(20):
        error, answer = preserved.invoke("preserve-evidence", {"incident": incident, "stage": "beside-containment"})
        assert error is None, answer
        if answer["state"] == "preserved":
            break
    # It was never opened, so no register has it.
    table.delete_item(TableName=tocsin.table, Key={"pk": {"S": f"INCIDENT#{incident}"}, "sk": {"S": "INCIDENT"}})
    files = [file for file in preserved.records.of_incident(incident, "FILE") if file["folder"].startswith("evidence/pool-user/")]
    kept = {
        file["name"]: preserved.evidence_s3().get_object(Bucket=tocsin.vault, Key=f"incidents/{incident}/{file['folder']}/{file['name']}")["Body"].read()
        for file in files
    }
    assert customer.name in kept["user-0001.json"].decode() and "wholesale" in kept["groups-0001.json"].decode()
    # What the pool does not keep is said.
    (item,) = [item for item in preserved.records.of_incident(incident, "EVIDENCE") if item["item"]["source"] == "pool-user"]
    assert "sign-ins-missing" in {gap["part"] for gap in item["gaps"]}
    assert not any(customer.name in path for path in (file["folder"] for file in files))
