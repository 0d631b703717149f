"""What holds for the closing of a subnet beyond what holds for every action."""

from test_actions import assert_as_found, make

ACTION = "close-subnet"


def test_entries_put_into_the_network_acl_are_taken_out(actions_aws, documents):
    target = make(actions_aws, ACTION)
    found = target.everything()
    documents.break_step(ACTION, "CloseSubnet", "before")
    before = documents.apply(target).before
    (made,) = set(target.acls()) - set(found["acls"])
    for egress in (True, False):
        target.ec2.create_network_acl_entry(
            NetworkAclId=made, RuleNumber=100, Protocol="-1", RuleAction="allow", Egress=egress, CidrBlock="0.0.0.0/0"
        )
    run = documents.apply(target, before)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))
    assert_as_found(documents, target, found, before)


def test_closed_subnet_is_not_recorded_as_found(actions_aws, documents):
    target = make(actions_aws, ACTION)
    found = target.everything()
    documents.break_step(ACTION, "PrepareAcl", "after")
    before = documents.apply(target).before
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "pass the before-state that the first run recorded as Before" in run.failure
    assert_as_found(documents, target, found, before)


def test_network_acl_that_somebody_gave_meanwhile_stays(actions_aws, documents):
    target = make(actions_aws, ACTION)
    before = documents.apply(target).before
    other = target.ec2.create_network_acl(VpcId=target.vpc)["NetworkAcl"]["NetworkAclId"]
    target.ec2.replace_network_acl_association(AssociationId=target.association()[1], NetworkAclId=other)
    run = documents.reverse(target, before)
    assert run.status == "Success", run.failure
    assert target.association()[0] == other
    assert run.output("ObserveReversal.Observation")["acl_id"] == other


def test_unknown_subnet_is_refused(documents):
    gone = documents.run(ACTION, "document", "subnet-0123456789abcdef0", {})
    assert (gone.status, gone.steps) == ("Failed", ["RecordBefore"])
    assert "there is no subnet" in gone.failure


def test_network_acl_that_still_counts_as_associated_is_deleted_a_moment_later(actions_aws, documents):
    target = make(actions_aws, ACTION)
    found = target.everything()
    before = documents.apply(target).before
    documents.break_call("ec2", "DeleteNetworkAcl", "DependencyViolation")
    assert_as_found(documents, target, found, before)


def test_preview_names_what_is_in_the_subnet(actions_aws, documents):
    target = make(actions_aws, ACTION)
    said = " ".join(documents.preview(target).output("PreviewContainment.Impact"))
    for name in (target.instance, target.balancer, target.classic):
        assert name in said
