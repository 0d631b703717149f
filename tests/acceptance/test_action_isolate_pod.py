"""What `isolate-pod` refuses, what it can't promise, and two pods side by side."""

import urllib.error

import clusters
import pytest
from targets.pod import MARK, POLICIES, Pod


def assert_refused(documents, target, reason: str) -> None:
    found = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert reason in run.failure
    assert target.everything() == found


def test_cluster_with_a_private_endpoint_is_refused(actions_aws, documents):
    """Systems Manager runs scripts outside the VPC: it would only time out."""
    target = Pod(actions_aws, cluster=lambda aws: clusters.Cluster(aws, public=False))
    assert_refused(documents, target, "has a private endpoint alone")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [({"hostNetwork": True}, "uses the network of its node"), ({"nodeName": "fargate-ip-10-0-1-7"}, "runs on Fargate")],
)
def test_pod_that_no_policy_holds_for_is_refused(actions_aws, documents, spec, reason):
    assert_refused(documents, Pod(actions_aws, spec=spec), reason)


def test_pod_that_is_not_there_is_refused(actions_aws, documents):
    target = Pod(actions_aws)
    target.id += "-gone"
    assert_refused(documents, target, "the cluster has no such pod")


def test_isolated_pod_needs_the_state_as_found(actions_aws, documents):
    target = Pod(actions_aws)
    documents.apply(target)
    assert_refused(documents, target, "already contained in whole or in part")


@pytest.mark.parametrize(
    "kind",
    [
        {"cluster": clusters.plain},
        {"cluster": lambda aws: clusters.Cluster(aws, addon='{"enableNetworkPolicy": "false"}')},
        {"owners": ()},
    ],
    ids=["no add-on", "add-on told not to", "pod without an owner"],
)
def test_policy_that_nothing_enforces_is_told(actions_aws, documents, kind):
    """It is applied all the same, and must not count as containment."""
    target = Pod(actions_aws, **kind)
    preview = documents.preview(target)
    assert any("will not count as contained" in line for line in preview.output("PreviewContainment.Impact"))
    run = documents.apply(target)
    assert run.status == "Success"
    observation = run.output("ObserveContainment.Observation")
    assert observation["quarantine"] == {"marked": True, "denied": True}
    assert observation["enforced"] is False


def test_switch_in_the_cluster_counts_as_enforced(actions_aws, documents):
    """EKS Auto Mode has no add-on; there, and for a plugin installed by hand, a config map has the switch."""
    cluster = clusters.Cluster(actions_aws)
    data = {"enable-network-policy-controller": "true"}
    cluster.create("/api/v1/namespaces/kube-system/configmaps", "amazon-vpc-cni", data=data)
    run = documents.apply(Pod(actions_aws, cluster=lambda _aws: cluster))
    assert run.output("ObserveContainment.Observation")["enforced"] is True


def test_switch_written_as_yaml_is_read(actions_aws, documents):
    addon = "env:\n  WARM_IP_TARGET: '2'\nenableNetworkPolicy: 'true'\n"
    target = Pod(actions_aws, cluster=lambda aws: clusters.Cluster(aws, addon=addon))
    assert documents.apply(target).output("ObserveContainment.Observation")["enforced"] is True


def test_reversal_of_one_pod_leaves_the_other_isolated(actions_aws, documents):
    one = Pod(actions_aws, policies=POLICIES)
    other = Pod(actions_aws)
    name = f"{other.name}-2"
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "checkout", "uid": "1"}
    metadata = {"name": name, "labels": {"app": "checkout", "tier": "web"}, "ownerReferences": [owner]}
    one.cluster.call("POST", one.path, {"metadata": metadata, "spec": {}})
    found = one.everything()
    other.id, other.namespace, other.name = f"{one.cluster.name}/{one.namespace}/{name}", one.namespace, name
    first, second = documents.apply(one), documents.apply(other)
    assert documents.reverse(one, first.before).status == "Success"
    now = one.everything()
    assert MARK not in now["pods"][one.name]["metadata"]["labels"]
    repeated = documents.apply(other, second.before)
    assert repeated.output("ObserveContainment.Observation")["let_through_by"] == []
    assert [len(now["policies"]), len(found["policies"])] == [6, 5]
    assert documents.reverse(other, second.before).status == "Success"
    assert one.everything() == found


def test_reversal_copes_with_a_pod_that_is_gone(actions_aws, documents):
    target = Pod(actions_aws, policies=POLICIES)
    found = target.everything()
    before = documents.apply(target).before
    target.cluster.call("DELETE", f"{target.path}/{target.name}")
    run = documents.reverse(target, before)
    assert run.status == "Success", run.failure
    assert run.output("ObserveReversal.Observation")["uid"] is None
    assert target.everything() == {**found, "pods": {}}


def test_cluster_takes_no_token_but_one_signed_for_it(actions_aws):
    cluster = clusters.enforcing(actions_aws)
    for token in ("k8s-aws-v1.aHR0cHM6Ly9leGFtcGxlLmNvbQ", "secret"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            cluster.call("GET", "/api/v1/nodes", token=token)
        assert refused.value.code == 401
