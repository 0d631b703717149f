"""What a model's artifacts are, whose they are, and what happens when the model is gone."""

import json

from targets import unique
from targets.deny_model_artifacts import FOREIGN, ModelArtifacts


def test_model_without_artifacts_of_the_account_is_refused(actions_aws, documents):
    target = ModelArtifacts(actions_aws, data=FOREIGN)
    found = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert f"{FOREIGN}: no bucket of this account" in run.failure
    assert target.everything() == found


def test_bucket_of_another_account_is_left_alone(actions_aws, documents):
    other = actions_aws.client("s3", account="444455556666")
    bucket = unique("models-of-a-partner")
    other.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": actions_aws.region})
    run = documents.apply(ModelArtifacts(actions_aws, data=f"s3://{bucket}/model.tar.gz"))
    assert run.status == "Failed"
    assert f"s3://{bucket}/model.tar.gz: no bucket of this account" in run.failure


def test_reversed_although_the_model_is_gone(actions_aws, documents):
    target = ModelArtifacts(actions_aws)
    found = target.everything()
    run = documents.apply(target)
    target.sagemaker.delete_model(ModelName=target.id)
    ended = documents.reverse(target, run.before)
    assert ended.status == "Success", ended.failure
    assert ended.output("ObserveReversal.Observation") == json.loads(run.before)
    assert target.everything() == {**found, "model": None}


def test_two_models_in_one_bucket_are_released_apart(actions_aws, documents):
    one = ModelArtifacts(actions_aws)
    other = ModelArtifacts(actions_aws, data=f"s3://{one.buckets[0]}/model.tar.gz")
    found = one.everything()
    before, after = documents.apply(one).before, documents.apply(other)
    assert documents.reverse(one, before).status == "Success"
    assert [each["Sid"] for each in one.everything()[one.buckets[0]]["policy"]["Statement"]] == [json.loads(after.before)["sid"]]
    assert documents.reverse(other, after.before).status == "Success"
    assert one.everything() == found


def test_preview_names_endpoints_and_what_is_left_alone(actions_aws, documents):
    target = ModelArtifacts(actions_aws, many=True)
    name = unique("recommendations")
    variant = {"VariantName": "all", "ModelName": target.id, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    target.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    target.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    impact = documents.preview(target).output("PreviewContainment.Impact")
    assert f"left alone: {FOREIGN}: no bucket of this account" in impact
    assert any(f"the endpoint {name} serves this model" in line for line in impact)
