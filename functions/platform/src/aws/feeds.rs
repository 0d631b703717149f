//! The lists of findings that GuardDuty and Security Hub keep, region by region.

use super::Sdk;
use super::answer_body::AnswerBody;
use super::failure::{code_of, failed};
use aws_sdk_guardduty::types::{Condition, FindingCriteria, OrderBy, SortCriteria};
use aws_sdk_securityhub::types::{AwsSecurityFindingFilters, DateFilter, SortCriterion, SortOrder};
use incident::Failure;
use incident::ports::{FeedPage, FindingFeed, ListedFinding, Window};
use jiff::Timestamp;
use serde_json::Value;

/// The most that `ListFindings` and `GetFindings` of GuardDuty answer at once.
const GUARDDUTY_PAGE: i32 = 50;
/// The most that `GetFindings` of Security Hub answers at once.
const SECURITY_HUB_PAGE: i32 = 100;

/// The list of one service in one region.
#[derive(Clone, Debug)]
pub struct RegionalFeed {
    region: String,
    service: Service,
}

#[derive(Clone, Debug)]
enum Service {
    GuardDuty(aws_sdk_guardduty::Client),
    SecurityHub(aws_sdk_securityhub::Client),
}

impl RegionalFeed {
    /// Both services in each of these regions, which stand between commas.
    pub fn connect(sdk: &Sdk, regions: &str) -> Vec<Self> {
        let regions = regions.split(',').map(str::trim).filter(|region| !region.is_empty());
        regions.flat_map(|region| [Self::guardduty(sdk, region), Self::security_hub(sdk, region)]).collect()
    }

    fn guardduty(sdk: &Sdk, region: &str) -> Self {
        let config = aws_sdk_guardduty::config::Builder::from(&sdk.0);
        let config = config.region(aws_sdk_guardduty::config::Region::new(region.to_owned())).build();
        let service = Service::GuardDuty(aws_sdk_guardduty::Client::from_conf(config));
        Self { region: region.to_owned(), service }
    }

    fn security_hub(sdk: &Sdk, region: &str) -> Self {
        let config = aws_sdk_securityhub::config::Builder::from(&sdk.0);
        let config = config.region(aws_sdk_securityhub::config::Region::new(region.to_owned())).build();
        let service = Service::SecurityHub(aws_sdk_securityhub::Client::from_conf(config));
        Self { region: region.to_owned(), service }
    }
}

impl FindingFeed for RegionalFeed {
    fn source(&self) -> &'static str {
        match self.service {
            Service::GuardDuty(_) => "guardduty",
            Service::SecurityHub(_) => "securityhub",
        }
    }

    fn region(&self) -> &str {
        &self.region
    }

    async fn page(&self, window: Window, cursor: Option<&str>) -> Result<FeedPage, Failure> {
        match &self.service {
            Service::GuardDuty(client) => guardduty_page(client, window, cursor).await,
            Service::SecurityHub(client) => security_hub_page(client, window, cursor).await,
        }
    }
}

/// Archived findings are listed too: intake records them.
async fn guardduty_page(
    client: &aws_sdk_guardduty::Client,
    window: Window,
    cursor: Option<&str>,
) -> Result<FeedPage, Failure> {
    let detectors = client.list_detectors().send().await;
    let detectors = detectors.map_err(|error| failed("looking for the detector of GuardDuty", error))?;
    // An account has one detector a region, or none.
    let Some(detector) = detectors.detector_ids().first() else {
        return Ok(FeedPage { is_off: true, ..FeedPage::default() });
    };
    let updated = Condition::builder()
        .greater_than_or_equal(window.since.as_millisecond())
        .less_than_or_equal(window.until.as_millisecond())
        .build();
    let oldest_first = SortCriteria::builder().attribute_name("updatedAt").order_by(OrderBy::Asc).build();
    let listed = client
        .list_findings()
        .detector_id(detector)
        .finding_criteria(FindingCriteria::builder().criterion("updatedAt", updated).build())
        .sort_criteria(oldest_first.clone())
        .max_results(GUARDDUTY_PAGE)
        .set_next_token(cursor.map(str::to_owned))
        .send()
        .await
        .map_err(|error| failed("listing findings of GuardDuty", error))?;
    let next = listed.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
    if listed.finding_ids().is_empty() {
        return Ok(FeedPage { next, ..FeedPage::default() });
    }
    let body = AnswerBody::default();
    let get = client.get_findings().detector_id(detector).set_finding_ids(listed.finding_ids);
    let get = get.sort_criteria(oldest_first).customize().interceptor(body.clone());
    get.send().await.map_err(|error| failed("reading findings of GuardDuty", error))?;
    Ok(FeedPage { findings: listed_in(body.json()?, "findings", "createdAt", "updatedAt"), next, is_off: false })
}

async fn security_hub_page(
    client: &aws_sdk_securityhub::Client,
    window: Window,
    cursor: Option<&str>,
) -> Result<FeedPage, Failure> {
    let updated = DateFilter::builder().start(moment(window.since)).end(moment(window.until)).build();
    let oldest_first = SortCriterion::builder().field("UpdatedAt").sort_order(SortOrder::Ascending).build();
    let body = AnswerBody::default();
    let get = client
        .get_findings()
        .filters(AwsSecurityFindingFilters::builder().updated_at(updated).build())
        .sort_criteria(oldest_first)
        .max_results(SECURITY_HUB_PAGE)
        .set_next_token(cursor.map(str::to_owned))
        .customize()
        .interceptor(body.clone());
    let answer = match get.send().await {
        Ok(answer) => answer,
        // The account is not subscribed to Security Hub here. Without permission it would be `AccessDeniedException`.
        Err(error) if code_of(&error) == Some("InvalidAccessException") => {
            return Ok(FeedPage { is_off: true, ..FeedPage::default() });
        }
        Err(error) => return Err(failed("reading findings of Security Hub", error)),
    };
    let next = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
    Ok(FeedPage { findings: listed_in(body.json()?, "Findings", "CreatedAt", "UpdatedAt"), next, is_off: false })
}

/// A time as Security Hub takes it, to the millisecond.
fn moment(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// The findings in an answer's body, each as its service wrote it.
fn listed_in(mut body: Value, list: &str, created: &str, updated: &str) -> Vec<ListedFinding> {
    let documents = match body.get_mut(list).map(Value::take) {
        Some(Value::Array(documents)) => documents,
        Some(_) | None => Vec::new(),
    };
    let time = |document: &Value, name: &str| document.get(name)?.as_str()?.parse().ok();
    documents
        .into_iter()
        .map(|document| ListedFinding {
            created_at: time(&document, created),
            updated_at: time(&document, updated),
            document,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn listed_findings_keep_their_form_and_tell_their_times() {
        let finding =
            json!({"Id": "a", "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:01.5+00:00"});
        let listed = listed_in(json!({"Findings": [finding, {"Id": "b"}]}), "Findings", "CreatedAt", "UpdatedAt");
        let (first, second) = (&listed[0], &listed[1]);
        assert_eq!(first.document, finding);
        assert_eq!(first.created_at, Some("2026-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!(first.updated_at, Some("2026-01-01T00:00:01.5Z".parse().unwrap()));
        assert_eq!((second.created_at, second.updated_at), (None, None));
        assert_eq!(listed_in(json!({"message": "none"}), "Findings", "CreatedAt", "UpdatedAt"), []);
    }

    #[test]
    fn time_has_milliseconds() {
        assert_eq!(moment("2026-01-01T00:00:00Z".parse().unwrap()), "2026-01-01T00:00:00.000Z");
    }
}
