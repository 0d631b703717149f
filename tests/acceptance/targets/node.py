"""A node of an EKS cluster."""

import copy

import clusters

from targets import Target, unique, without

MARK = "tocsin.quarantine"
OTHERS = [
    {"key": "dedicated", "value": "checkout", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"},
]


class Node(Target):
    """A node with its taints, on which a pod runs."""

    action = "isolate-node"
    kinds = {
        "with everything": {"taints": OTHERS},
        "bare": {},
        "cordoned before": {"unschedulable": True},
    }

    def __init__(self, aws, taints=(), unschedulable=False, cluster=clusters.plain):
        self.cluster = cluster(aws)
        self.name = f"{unique('ip-10-0-1-7')}.eu-central-1.compute.internal"
        self.id = f"{self.cluster.name}/{self.name}"
        spec = {"providerID": "aws:///eu-central-1a/i-0123456789abcdef0"}
        spec |= {"taints": list(taints)} if taints else {}
        spec |= {"unschedulable": True} if unschedulable else {}
        self.cluster.create("/api/v1/nodes", self.name, {"kubernetes.io/os": "linux"}, spec=spec)
        self.pods = f"/api/v1/namespaces/{unique('shop')}/pods"
        self.cluster.create(self.pods, "checkout", spec={"nodeName": self.name})

    def everything(self) -> dict:
        node = copy.deepcopy(self.cluster.call("GET", f"/api/v1/nodes/{self.name}"))
        node["metadata"].pop("resourceVersion")
        return {"node": node, "pods": self.cluster.call("GET", self.pods)["items"]}

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["pods"] == found["pods"]
        node, was = now["node"], found["node"]
        changed = ("taints", "unschedulable")
        assert without(node["spec"], *changed) == without(was["spec"], *changed)
        assert without(node, "spec") == without(was, "spec")
        others = was["spec"].get("taints", [])
        assert node["spec"]["unschedulable"] is True
        assert node["spec"]["taints"][:-1] == others
        mark = node["spec"]["taints"][-1]
        assert (mark["key"], mark["effect"]) == (MARK, "NoSchedule")
        assert mark["value"].startswith("inc-")
        assert observation == {
            "target": self.id,
            "instance": "i-0123456789abcdef0",
            "unschedulable": True,
            "tainted": True,
            "taints": ["dedicated=checkout:NoSchedule"] if others else [],
        }
