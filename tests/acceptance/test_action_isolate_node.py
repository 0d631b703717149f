"""What others do to a node while it is contained stays."""

from targets.node import Node


def test_taint_of_somebody_else_outlives_the_reversal(actions_aws, documents):
    target = Node(actions_aws)
    before = documents.apply(target).before
    path = f"/api/v1/nodes/{target.name}"
    taint = {"key": "maintenance", "value": "tonight", "effect": "NoSchedule"}
    node = target.everything()["node"]
    target.cluster.call("DELETE", path)
    node["spec"]["taints"].append(taint)
    target.cluster.call("POST", "/api/v1/nodes", node)
    assert documents.reverse(target, before).status == "Success"
    assert target.everything()["node"]["spec"].get("taints") == [taint]
    assert not target.everything()["node"]["spec"].get("unschedulable")


def test_tainted_node_needs_the_state_as_found(actions_aws, documents):
    target = Node(actions_aws)
    documents.apply(target)
    found = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "already contained in whole or in part" in run.failure
    assert target.everything() == found


def test_preview_names_the_pods_that_go_on(actions_aws, documents):
    target = Node(actions_aws)
    impact = documents.preview(target).output("PreviewContainment.Impact")
    assert impact == [f"the pod {target.pods.split('/')[4]}/checkout runs there, and goes on"]
