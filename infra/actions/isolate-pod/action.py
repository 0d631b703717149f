import boto3
import hashlib
import re

POLICY = "tocsin-quarantine-"
# Keeps a policy from selecting what has the mark.
WITHOUT_MARK = {"key": QUARANTINE, "operator": "DoesNotExist"}
SWITCH = "enable-network-policy-controller"


def observe(run):
    cluster = open_cluster(run)
    pod = read_object(cluster, pod_path(run))
    if pod is None:
        if run["before"] is None:
            raise ValueError("the cluster has no such pod: it is gone, and whatever replaced it has another name")
        return {"uid": None, "labels": {}, "quarantine": quarantine(run, cluster, {}), "let_through_by": [], "enforced": False}
    labels = pod["metadata"].get("labels", {})
    return {
        "uid": pod["metadata"]["uid"],
        "labels": {key: value for key, value in labels.items() if key != QUARANTINE},
        "quarantine": quarantine(run, cluster, labels),
        "let_through_by": sorted(policy["metadata"]["name"] for policy in letting_through(run, cluster, labels)),
        "enforced": is_enforced(run, cluster, pod),
    }


def pod_path(run):
    _, namespace, name = run["target"].split("/")
    return f"/api/v1/namespaces/{namespace}/pods/{name}"


def policies_path(run):
    return f"/apis/networking.k8s.io/v1/namespaces/{run['target'].split('/')[1]}/networkpolicies"


def own_policy(run):
    # One for each pod, so that the reversal of one takes nothing from another. A name has 253 characters, and so may the pod's.
    return POLICY + hashlib.sha256(run["target"].split("/")[2].encode()).hexdigest()[:16]


def quarantine(run, cluster, labels):
    policy = read_object(cluster, f"{policies_path(run)}/{own_policy(run)}")
    return {"marked": QUARANTINE in labels, "denied": policy is not None and denies_all(policy["spec"], labels)}


def denies_all(spec, labels):
    types = set(spec.get("policyTypes", []))
    return types == {"Ingress", "Egress"} and not lets_through(spec) and selects(spec.get("podSelector", {}), labels)


def lets_through(spec):
    return bool(spec.get("ingress") or spec.get("egress"))


def letting_through(run, cluster, labels):
    """The policies of others that let something through for a pod with these labels: what they allow together is allowed."""
    return [
        policy
        for policy in read_list(cluster, policies_path(run))
        if not policy["metadata"]["name"].startswith(POLICY)
        and lets_through(policy["spec"])
        and selects(policy["spec"].get("podSelector", {}), labels)
    ]


def selects(selector, labels):
    """An empty selector selects every pod."""
    equal = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return equal and all(meets(expression, labels) for expression in selector.get("matchExpressions") or [])


def meets(expression, labels):
    key, values = expression["key"], expression.get("values") or []
    return {
        "In": key in labels and labels[key] in values,
        "NotIn": key not in labels or labels[key] not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]


def is_enforced(run, cluster, pod):
    """Whether something enforces the policy. Amazon's plugin does where it is told to, and for pods that a controller made."""
    if run["policies_enforced"] == "yes":
        return True
    return bool(pod["metadata"].get("ownerReferences")) and (addon_enforces(cluster) or plugin_enforces(cluster))


def addon_enforces(cluster):
    eks = boto3.client("eks")
    try:
        addon = eks.describe_addon(clusterName=cluster["name"], addonName="vpc-cni")["addon"]
    except eks.exceptions.ResourceNotFoundException:
        return False
    # The configuration is JSON or YAML, as it was given.
    switch = r"""["']?\benableNetworkPolicy["']?\s*:\s*["']?true\b"""
    return re.search(switch, addon.get("configurationValues") or "") is not None


def plugin_enforces(cluster):
    """In EKS Auto Mode, and where the plugin is no add-on, the switch is in the cluster."""
    found = read_object(cluster, "/api/v1/namespaces/kube-system/configmaps/amazon-vpc-cni")
    return found is not None and (found.get("data") or {}).get(SWITCH) == "true"


def refuse(run, before):
    quarantine = before["quarantine"]
    if quarantine["marked"] or quarantine["denied"] or own_policy_is_there(run):
        raise touched(run)
    spec = read_object(open_cluster(run), pod_path(run))["spec"]
    if spec.get("hostNetwork"):
        raise ValueError(
            "the pod uses the network of its node, where no policy holds: isolate the node and its instance instead"
        )
    if (spec.get("nodeName") or "").startswith("fargate-"):
        raise ValueError("the pod runs on Fargate, where no policy holds: contain it by hand")


def own_policy_is_there(run):
    return read_object(open_cluster(run), f"{policies_path(run)}/{own_policy(run)}") is not None


def deny_traffic(run):
    cluster, path, name = open_cluster(run), policies_path(run), own_policy(run)
    spec = {
        "podSelector": {"matchExpressions": [{"key": QUARANTINE, "operator": "Exists"}]},
        "policyTypes": ["Ingress", "Egress"],
    }
    status, _ = kubernetes(
        cluster,
        "POST",
        path,
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec},
    )
    if status == 409:
        # Made by a broken run, or meanwhile changed by somebody: rules are taken away.
        change_object(cluster, f"{path}/{name}", lambda found: {"spec": {**spec, "ingress": None, "egress": None}})


def take_out_of_policies(run):
    cluster = open_cluster(run)
    pod = read_object(cluster, pod_path(run))
    if pod is None:
        raise ValueError("the pod is gone")
    for policy in letting_through(run, cluster, pod["metadata"].get("labels", {})):
        change_object(cluster, f"{policies_path(run)}/{policy['metadata']['name']}", with_exception)


def expressions_of(policy):
    return policy["spec"].get("podSelector", {}).get("matchExpressions") or []


def with_exception(policy):
    found = expressions_of(policy)
    return None if WITHOUT_MARK in found else selecting([*found, WITHOUT_MARK])


def without_exception(policy):
    found = expressions_of(policy)
    return selecting([one for one in found if one != WITHOUT_MARK]) if WITHOUT_MARK in found else None


def selecting(expressions):
    return {"spec": {"podSelector": {"matchExpressions": expressions or None}}}


def mark_pod(run):
    if not mark(run, run["incident"]):
        raise ValueError("the pod is gone")


def mark(run, value):
    return change_object(open_cluster(run), pod_path(run), lambda pod: {"metadata": {"labels": {QUARANTINE: value}}})


def unmark_pod(run):
    # Null takes the label away. A pod that is gone has none.
    mark(run, None)


def put_back_into_policies(run):
    cluster = open_cluster(run)
    namespace = run["target"].split("/")[1]
    if read_list(cluster, f"/api/v1/namespaces/{namespace}/pods?labelSelector={QUARANTINE}"):
        return
    for policy in read_list(cluster, policies_path(run)):
        if WITHOUT_MARK in expressions_of(policy):
            change_object(cluster, f"{policies_path(run)}/{policy['metadata']['name']}", without_exception)


def remove_denial(run):
    kubernetes(open_cluster(run), "DELETE", f"{policies_path(run)}/{own_policy(run)}")


def calls(run, state):
    return [
        {
            "call": "kubernetes:CreateNetworkPolicy",
            "on": own_policy(run),
            "change": f"denies all to pods with the label {QUARANTINE}",
        },
        *(
            {"call": "kubernetes:PatchNetworkPolicy", "on": name, "change": f"selects no pod with the label {QUARANTINE}"}
            for name in state["let_through_by"]
        ),
        {"call": "kubernetes:PatchPod", "on": run["target"], "change": f"adds the label {QUARANTINE}={run['incident']}"},
    ]


def impact(run, state):
    namespace = run["target"].split("/")[1]
    services = read_list(open_cluster(run), f"/api/v1/namespaces/{namespace}/services")
    found = [
        f"the service {service['metadata']['name']} sends requests to it"
        for service in services
        if (selector := service["spec"].get("selector")) and selects({"matchLabels": selector}, state["labels"])
    ]
    if not state["enforced"]:
        found.append("nothing shows that the cluster enforces network policies: the pod will not count as contained")
    return found
