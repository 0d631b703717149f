//! Alarms of CloudWatch on the surfaces that customers reach: AWS WAF, Cognito, API Gateway. They are how credential
//! stuffing and the abuse of an API on checkout and account pages show themselves; `metrics.tsv` says which is which.
//!
//! An alarm that returns to OK, or has no data, is archived: recorded, never acted on.

mod metric;

use super::entities::Entities;
use super::node::Node;
use super::unreadable::Unreadable;
use super::{Envelope, Source, region};
use crate::finding::{Category, EntityKind as Kind, Finding, Severity};

/// The name of this source and of its format.
const NAME: &str = "cloudwatch";

/// This source.
pub(super) const SOURCE: Source =
    Source { detail_types: &["CloudWatch Alarm State Change"], list: None, claims, translate };

/// How sure it is that a threshold was crossed by an attack rather than by a busy day.
const CONFIDENCE: u8 = 50;

/// Whether a document that arrived without an envelope is the change of an alarm's state.
fn claims(document: &Node<'_, '_>) -> bool {
    document.get("alarmName").exists() && document.get("state").is_object()
}

/// Translates one change of state. Its id is made of the alarm and the time of the change, so each change is a finding.
fn translate(change: &Node<'_, '_>, envelope: &Envelope<'_>) -> Result<Finding, Unreadable> {
    let alarm = change.get("alarmName").required()?;
    let state = change.get("state");
    let since = state.get("timestamp").required()?;
    let account = change.get("accountId");
    let account = envelope.account.clone().or_else(|| account.name()).ok_or_else(|| account.refused_as_identity())?;
    let region = region([envelope.region]);
    let at = state.get("timestamp").moment().or(envelope.time);

    let mut entities = Entities::default();
    let mut sign: Option<metric::Sign> = None;
    let mut kind = None;
    for query in change.get("configuration").get("metrics").items() {
        let measured = query.get("metricStat");
        let measured = measured.get("metric");
        name(&mut entities, &measured.get("dimensions"));
        let found = metric::sign(&measured);
        // Of several metrics in one expression the worst sign counts, and of equals the first.
        if found
            .as_ref()
            .is_some_and(|found| sign.as_ref().is_none_or(|sign| found.severity.score > sign.severity.score))
        {
            sign = found;
            kind = measured.get("namespace").text().zip(measured.get("name").text());
        }
    }
    Ok(Finding {
        id: format!("{account}/{}/{alarm}@{since}", region.as_deref().unwrap_or("global")),
        source: NAME.to_owned(),
        format: NAME.to_owned(),
        kind: kind.map_or_else(|| "CloudWatch alarm".to_owned(), |(namespace, name)| format!("{namespace}/{name}")),
        title: alarm.into_owned(),
        category: sign.as_ref().map_or(Category::Unclassified, |sign| sign.category),
        severity: sign.map_or_else(|| Severity::of(super::severity::UNSTATED), |sign| sign.severity),
        confidence: CONFIDENCE,
        account: account.into_owned(),
        region,
        first_seen: at,
        last_seen: at,
        updated_at: at,
        sample: false,
        archived: state.get("value").text() != Some("ALARM"),
        entities: entities.finish(),
    })
}

/// Names the surface that the metric is of. A user pool has two dimensions for its id, by the age of the metric.
fn name<'v>(entities: &mut Entities<'v>, dimensions: &Node<'v, '_>) {
    for (dimension, kind) in [
        ("WebACL", Kind::WebAcl),
        ("UserPool", Kind::UserPool),
        ("UserPoolId", Kind::UserPool),
        ("ApiName", Kind::Other),
        ("ApiId", Kind::Other),
    ] {
        entities.add_if(kind, dimensions.get(dimension).text());
    }
}
