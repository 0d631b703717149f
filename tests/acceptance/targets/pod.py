"""A pod of the checkout, in a namespace of its own."""

import copy

import clusters

from targets import Target, unique, without

MARK = "tocsin.quarantine"
EXCEPTION = {"key": MARK, "operator": "DoesNotExist"}
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "checkout-7d4f", "uid": "0b5c0000-0000-4000-8000-000000000000"}
LABELS = {"app": "checkout", "tier": "web", "pod-template-hash": "7d4f"}
FROM_WEB = [{"from": [{"podSelector": {"matchLabels": {"tier": "edge"}}}]}]
POLICIES = {
    "shop-web": {"podSelector": {"matchLabels": {"tier": "web"}}, "policyTypes": ["Ingress"], "ingress": FROM_WEB},
    "allow-dns": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}]},
    "not-the-jobs": {
        "podSelector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["job"]}]},
        "policyTypes": ["Egress"],
        "egress": [{}],
    },
    "others": {"podSelector": {"matchLabels": {"app": "search"}}, "policyTypes": ["Ingress"], "ingress": [{}]},
    "deny-by-default": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}
CONCERNED = ["allow-dns", "not-the-jobs", "shop-web"]


class Pod(Target):
    """A pod, with the policies and services of its namespace."""

    action = "isolate-pod"
    kinds = {
        "with everything": {"policies": POLICIES, "services": {"checkout": {"app": "checkout"}, "search": {"app": "search"}}},
        "bare": {},
        "another plugin": {"cluster": clusters.plain, "policies": {"allow-dns": POLICIES["allow-dns"]}, "settings": "yes"},
    }

    def __init__(
        self, aws, cluster=clusters.enforcing, policies=None, services=None, settings=None, spec=None, owners=(OWNER,)
    ):
        self.cluster, self.settings = cluster(aws), settings
        self.namespace, self.name = unique("shop"), unique("checkout-7d4f")
        self.id = f"{self.cluster.name}/{self.namespace}/{self.name}"
        self.path = f"/api/v1/namespaces/{self.namespace}/pods"
        self.policies_path = f"/apis/networking.k8s.io/v1/namespaces/{self.namespace}/networkpolicies"
        given = {
            "nodeName": "ip-10-0-1-7.eu-central-1.compute.internal",
            "containers": [{"name": "checkout", "image": "checkout:4"}],
        }
        metadata = {"name": self.name, "labels": LABELS, "ownerReferences": list(owners)}
        self.cluster.call("POST", self.path, {"metadata": metadata, "spec": {**given, **(spec or {})}})
        for name, policy in (policies or {}).items():
            self.cluster.create(self.policies_path, name, spec=policy)
        for name, selector in (services or {}).items():
            self.cluster.create(f"/api/v1/namespaces/{self.namespace}/services", name, spec={"selector": selector})

    @property
    def parameters(self) -> dict:
        return {"PoliciesEnforced": self.settings} if self.settings else {}

    def items(self, path: str) -> dict:
        """What is listed, by name, without its version, which only counts up."""
        found = copy.deepcopy(self.cluster.call("GET", path)["items"])
        for one in found:
            one["metadata"].pop("resourceVersion")
        return {one["metadata"]["name"]: one for one in found}

    def everything(self) -> dict:
        return {
            "pods": self.items(self.path),
            "policies": self.items(self.policies_path),
            "services": self.items(f"/api/v1/namespaces/{self.namespace}/services"),
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["services"] == found["services"]
        pod, was = now["pods"][self.name], found["pods"][self.name]
        assert without(pod, "metadata") == without(was, "metadata")
        assert without(pod["metadata"], "labels") == without(was["metadata"], "labels")
        assert without(pod["metadata"]["labels"], MARK) == was["metadata"]["labels"]
        assert pod["metadata"]["labels"][MARK].startswith("inc-")
        (added,) = [name for name in now["policies"] if name not in found["policies"]]
        assert added.startswith("tocsin-quarantine-")
        assert now["policies"][added]["spec"] == {
            "podSelector": {"matchExpressions": [{"key": MARK, "operator": "Exists"}]},
            "policyTypes": ["Ingress", "Egress"],
        }
        for name, policy in found["policies"].items():
            expected = copy.deepcopy(policy)
            if name in CONCERNED:
                expected["spec"]["podSelector"].setdefault("matchExpressions", []).append(EXCEPTION)
            assert now["policies"][name] == expected
        assert observation == {
            "target": self.id,
            "uid": pod["metadata"]["uid"],
            "labels": was["metadata"]["labels"],
            "quarantine": {"marked": True, "denied": True},
            "let_through_by": [],
            "enforced": True,
        }
