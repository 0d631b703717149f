# Taints below this are the cluster's own: it sets and takes them as the node's state changes.
OF_THE_CLUSTER = "node.kubernetes.io/"


def observe(run):
    node = read_object(open_cluster(run), node_path(run))
    if node is None:
        raise ValueError("the cluster has no such node")
    spec = node["spec"]
    taints = spec.get("taints") or []
    kept = [taint for taint in taints if taint["key"] != QUARANTINE and not taint["key"].startswith(OF_THE_CLUSTER)]
    return {
        "instance": spec.get("providerID", "").rsplit("/", 1)[-1],
        "unschedulable": bool(spec.get("unschedulable")),
        "tainted": any(taint["key"] == QUARANTINE for taint in taints),
        "taints": [f"{taint['key']}={taint.get('value', '')}:{taint['effect']}" for taint in kept],
    }


def node_path(run):
    return f"/api/v1/nodes/{run['target'].split('/')[1]}"


def refuse(run, before):
    if before["tainted"]:
        raise touched(run)


def change_node(run, change):
    if not change_object(open_cluster(run), node_path(run), change):
        raise ValueError("the node is gone")


def taint_node(run):
    # NoExecute would evict the pods that run there, and destroy what they hold.
    taint = {"key": QUARANTINE, "value": run["incident"], "effect": "NoSchedule"}
    change_node(run, lambda node: {"spec": {"taints": [*other_taints(node), taint]}})


def other_taints(node):
    return [taint for taint in node["spec"].get("taints") or [] if taint["key"] != QUARANTINE]


def cordon_node(run):
    change_node(run, lambda node: {"spec": {"unschedulable": True}})


def restore_scheduling(run):
    # The cluster leaves out what is false.
    change_node(run, lambda node: {"spec": {"unschedulable": run["before"]["unschedulable"] or None}})


def remove_taint(run):
    change_node(run, lambda node: {"spec": {"taints": other_taints(node) or None}})


def calls(run, state):
    return [
        {
            "call": "kubernetes:PatchNode",
            "on": run["target"],
            "change": f"adds the taint {QUARANTINE}={run['incident']}:NoSchedule",
        },
        {"call": "kubernetes:PatchNode", "on": run["target"], "change": "unschedulable"},
    ]


def impact(run, state):
    name = run["target"].split("/")[1]
    pods = read_list(open_cluster(run), f"/api/v1/pods?fieldSelector=spec.nodeName={name}")
    named = sorted(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in pods)
    more = [f"{len(named) - 50} more pods run there"] if len(named) > 50 else []
    return [f"the pod {pod} runs there, and goes on" for pod in named[:50]] + more
