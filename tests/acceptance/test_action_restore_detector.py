"""What `restore-detector` refuses, leaves alone, and tells the operator."""

import pytest
from targets import TARGETS


@pytest.fixture
def detector(actions_aws):
    made = TARGETS["restore-detector"]
    return made(actions_aws, **made.kinds["suspended, plans off, findings archived"])


def test_deleted_detector_is_refused_with_what_to_do(documents, detector):
    detector.guardduty.delete_detector(DetectorId=detector.id)
    run = documents.apply(detector)
    assert run.status == "Failed"
    assert "A person has to turn GuardDuty on again" in run.failure


def test_operator_is_told_of_filters_that_archive_and_of_plans_that_stay_off(documents, detector):
    assert documents.preview(detector).output("PreviewContainment.Impact") == [
        "the filter noise archives what it matches: look at it, it stays as it is",
        "off, and not in the signed settings: LAMBDA_NETWORK_LOGS, RUNTIME_MONITORING/EKS_ADDON_MANAGEMENT",
    ]


def test_refused_frequency_leaves_the_detector_on(documents, detector):
    """As in a member account, where the administrator sets it."""
    documents.break_step("restore-detector", "PublishOften", "before")
    assert documents.apply(detector).status == "Failed"
    assert detector.everything()["detector"]["Status"] == "ENABLED"


def test_plan_turned_on_by_others_meanwhile_is_not_turned_off_by_the_reversal(documents, detector):
    before = documents.apply(detector).before
    others = [{"Name": "LAMBDA_NETWORK_LOGS", "Status": "ENABLED"}]
    detector.guardduty.update_detector(DetectorId=detector.id, Features=others)
    assert documents.reverse(detector, before).status == "Success"
    assert detector.plans(detector.everything()["detector"])["LAMBDA_NETWORK_LOGS"] == "ENABLED"
