import boto3

ENDPOINTS_LOOKED_AT = 50


def uris_of(container):
    """Every address of model data that a container of a model, or of a model package, names."""
    additional = container.get("AdditionalModelDataSources", [])
    sources = [one.get("S3DataSource", {}) for one in (container.get("ModelDataSource", {}), *additional)]
    sources += container.get("AdditionalS3DataSources", [])
    named = [container.get("ModelDataUrl"), *(one.get(key) for one in sources for key in ("S3Uri", "ManifestS3Uri"))]
    return [uri for uri in named if uri]


def containers_of(sagemaker, run):
    """The model's containers, and those of the packages that it was made of; and the packages of other accounts."""
    model = sagemaker.describe_model(ModelName=run["target"])
    containers = [one for one in (model.get("PrimaryContainer"), *model.get("Containers", [])) if one]
    foreign = []
    for name in [one["ModelPackageName"] for one in containers if one.get("ModelPackageName")]:
        if name.startswith("arn:") and name.split(":")[4] != run["role"].split(":")[4]:
            foreign.append(name)
            continue
        package = sagemaker.describe_model_package(ModelPackageName=name)
        for inference in (package.get("InferenceSpecification", {}), *package.get("AdditionalInferenceSpecifications", [])):
            containers = containers + inference.get("Containers", [])
    return containers, foreign


def artifacts_of(run):
    """bucket -> keys, for the buckets of this account; and what is left alone, with the reason."""
    containers, foreign = containers_of(boto3.client("sagemaker"), run)
    s3 = boto3.client("s3")
    ours = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    artifacts, left_alone = {}, [f"{name}: a model package of another account" for name in foreign]
    for uri in sorted({uri for container in containers for uri in uris_of(container)}):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if bucket in ours and key:
            artifacts.setdefault(bucket, []).append(key)
        elif bucket in ours:
            left_alone.append(f"{uri}: a whole bucket; lock it instead")
        else:
            left_alone.append(f"{uri}: no bucket of this account")
    return artifacts, left_alone


def observe(run):
    s3, before = boto3.client("s3"), run["before"] or {}
    # What was recorded, since the model may be gone by now.
    artifacts, left_alone = (before["artifacts"], before["left_alone"]) if before else artifacts_of(run)
    region = s3.meta.region_name
    sid = before.get("sid") or sid_of("TocsinDenyModelArtifacts", run["incident"], region, run["target"])
    # Told only where the switch was on when found: elsewhere it is none of this action's.
    found = before["block_public_policy"] if before else {bucket: found_blocking(s3, bucket) for bucket in artifacts}
    return {
        "sid": sid,
        "artifacts": artifacts,
        "left_alone": left_alone,
        "statements": {bucket: own_statement(s3, bucket, sid) for bucket in artifacts},
        "block_public_policy": {bucket: on and blocks_public_policies(s3, bucket) for bucket, on in found.items()},
    }


def statement_for(run, state, bucket):
    partition = run["role"].split(":")[1]
    resources = sorted({arn for key in state["artifacts"][bucket] for arn in objects_below(partition, bucket, key)})
    return deny(state["sid"], "s3:GetObject*", resources, [*run["responder_arns"], *run["keep_role_arns"], run["role"]])


def refuse(run, before):
    if not any(arn.strip() for arn in run["responder_arns"]):
        raise ValueError("ResponderArns is empty: the statement would shut out the responders themselves")
    if any(before["statements"].values()):
        raise touched(run)
    if not before["artifacts"]:
        raise ValueError(
            f"{run['target']} has no artifacts in buckets of this account: {'; '.join(before['left_alone']) or 'it names none'}"
        )
    for bucket in before["artifacts"]:
        require_room(boto3.client("s3"), bucket, statement_for(run, before, bucket))


def settled(run, state):
    return all(state["statements"].values())


def deny_artifacts(run):
    s3, before = boto3.client("s3"), run["before"]
    for bucket in before["artifacts"]:
        set_statement(s3, bucket, before["sid"], statement_for(run, before, bucket), before["block_public_policy"][bucket])


def release_artifacts(run):
    s3, before = boto3.client("s3"), run["before"]
    for bucket, statement in before["statements"].items():
        set_statement(s3, bucket, before["sid"], statement, before["block_public_policy"][bucket])


def calls(run, state):
    s3, found = boto3.client("s3"), []
    for bucket in state["artifacts"]:
        statement = statement_for(run, state, bucket)
        spared = ", ".join([*run["responder_arns"], *run["keep_role_arns"]])
        on = " and ".join(statement["Resource"])
        change = f"adds the statement {state['sid']}, which denies s3:GetObject* on {on} to all but {spared}"
        found.append({"call": "s3:PutBucketPolicy", "on": bucket, "change": change})
        if needs_opening(s3, bucket):
            change = "BlockPublicPolicy off for the moment of that change, then on again"
            found.append({"call": "s3:PutPublicAccessBlock", "on": bucket, "change": change})
    return found


def impact(run, state):
    s3 = boto3.client("s3")
    found = [f"left alone: {one}" for one in state["left_alone"]]
    for bucket in state["artifacts"]:
        found += granted(s3, bucket, statement_for(run, state, bucket)["Resource"])
    return found + endpoints(boto3.client("sagemaker"), run)


def endpoints(sagemaker, run):
    listed = sagemaker.list_endpoints(SortBy="CreationTime", SortOrder="Descending", MaxResults=ENDPOINTS_LOOKED_AT)
    found = []
    for name in [one["EndpointName"] for one in listed["Endpoints"]]:
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
        config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        if any(variant.get("ModelName") == run["target"] for variant in config["ProductionVariants"]):
            found.append(f"the endpoint {name} serves this model: it runs on, but can't scale out, be updated or recover")
    if listed.get("NextToken"):
        found.append(f"only the newest {ENDPOINTS_LOOKED_AT} endpoints were looked at")
    return found
