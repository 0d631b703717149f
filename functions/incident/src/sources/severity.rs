//! The severities of every source on one scale of 0 to 100.

use super::node::Node;
use super::threat::is_threat;
use crate::finding::{Severity, SeverityLabel};

/// What a finding that states no severity counts as: neither harmless nor an emergency.
pub(crate) const UNSTATED: u8 = 40;

/// GuardDuty's scale (user guide, "Severity levels"): 1.0 to 10.0, with medium from 4, high from 7, critical from 9, which
/// are a tenth of where the ASFF labels begin. Also reads a number in a string, and a label.
pub(crate) fn of_ten(node: &Node<'_, '_>) -> Severity {
    match (node.number(), node.text().and_then(label)) {
        (Some(number), _) => Severity::of(tenths(number)),
        (None, Some(label)) => Severity::of(bounds(label).0),
        (None, None) => Severity::of(UNSTATED),
    }
}

/// Macie's scale (user guide, "Severity scoring for findings"): low, medium and high, by name or as 1, 2 and 3.
pub(crate) fn of_macie(node: &Node<'_, '_>) -> Severity {
    let score = match node.get("score").code() {
        Some(1) => Some(SeverityLabel::Low),
        Some(2) => Some(SeverityLabel::Medium),
        Some(3) => Some(SeverityLabel::High),
        _ => None,
    };
    let label = node.get("description").text().and_then(label).or(score).or_else(|| node.text().and_then(self::label));
    Severity::of(label.map_or(UNSTATED, |label| bounds(label).0))
}

/// Inspector's label, within which its score (`inspectorScore`, CVSS, 0 to 10) places the severity. The score alone decides
/// where the label is none yet (`UNTRIAGED`).
pub(crate) fn of_inspector(word: &Node<'_, '_>, score: &Node<'_, '_>) -> Severity {
    let score = score.number().map(tenths);
    Severity::of(match word.text().and_then(label) {
        Some(label) => {
            let (lowest, highest) = bounds(label);
            score.map_or(lowest, |score| score.clamp(lowest, highest))
        }
        None => score.unwrap_or(UNSTATED),
    })
}

/// ASFF `Severity` (user guide, "Severity object"): the label decides, `Normalized` (0 to 100) places the score within it.
/// Without either, `Product` and `Original` are the product's own scale. `None` where nothing of it can be read.
pub(crate) fn of_asff(node: &Node<'_, '_>) -> Option<Severity> {
    if !node.is_object() {
        return node.exists().then(|| of_ten(node));
    }
    let normalized = node.get("Normalized").number().map(whole);
    let label = node.get("Label").text().and_then(label).or_else(|| node.get("Original").text().and_then(label));
    match (label, normalized) {
        (Some(label), normalized) => {
            let (lowest, highest) = bounds(label);
            Some(Severity::of(normalized.map_or(lowest, |score| score.clamp(lowest, highest))))
        }
        (None, Some(score)) => Some(Severity::of(score)),
        (None, None) => node.get("Product").number().map(|number| Severity::of(tenths(number))),
    }
}

/// OCSF `severity_id` (schema 1.6, "Severity ID"), or its caption; fatal (6) is above critical (5).
pub(crate) fn of_ocsf(id: &Node<'_, '_>, caption: &Node<'_, '_>) -> Severity {
    let label = match id.code() {
        Some(1) => Some(SeverityLabel::Informational),
        Some(2) => Some(SeverityLabel::Low),
        Some(3) => Some(SeverityLabel::Medium),
        Some(4) => Some(SeverityLabel::High),
        Some(5) => Some(SeverityLabel::Critical),
        Some(6) => return Severity::of(100),
        _ => caption.text().and_then(label),
    };
    Severity::of(label.map_or(UNSTATED, |label| bounds(label).0))
}

/// The least severity of a label, by its word.
pub(crate) fn of_label(word: &str) -> Option<Severity> {
    label(word).map(|label| Severity::of(bounds(label).0))
}

/// The label that a word stands for.
fn label(word: &str) -> Option<SeverityLabel> {
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    if is("INFORMATIONAL") || is("INFO") {
        Some(SeverityLabel::Informational)
    } else if is("LOW") {
        Some(SeverityLabel::Low)
    } else if is("MEDIUM") || is("MODERATE") {
        Some(SeverityLabel::Medium)
    } else if is("HIGH") {
        Some(SeverityLabel::High)
    } else if is("CRITICAL") || is("FATAL") {
        Some(SeverityLabel::Critical)
    } else {
        None
    }
}

/// The lowest and the highest score of a label.
fn bounds(label: SeverityLabel) -> (u8, u8) {
    match label {
        SeverityLabel::Informational => (0, 0),
        SeverityLabel::Low => (1, 39),
        SeverityLabel::Medium => (40, 69),
        SeverityLabel::High => (70, 89),
        SeverityLabel::Critical => (90, 100),
    }
}

/// Ten times the number, rounded down so that no label is reached early; the small addend undoes binary fractions (8.7 is
/// a little less than 8.7).
fn tenths(number: f64) -> u8 {
    whole(number * 10.0 + 1e-6)
}

fn whole(number: f64) -> u8 {
    number.clamp(0.0, 100.0) as u8
}

/// How sure a finding is, 0 to 100, where its source does not say so itself.
pub(crate) const UNSTATED_CONFIDENCE: u8 = 60;

/// The confidence that the source states in percent. A source that states none is believed by what it is: an attack
/// sequence is put together from several signals, a threat is one signal, anything else is less.
pub(crate) fn confidence(stated: &Node<'_, '_>, kind: &str) -> u8 {
    match stated.number() {
        Some(percent) => percent.clamp(0.0, 100.0) as u8,
        None if kind.starts_with("AttackSequence:") => 90,
        None if is_threat(kind) => 70,
        None => UNSTATED_CONFIDENCE,
    }
}

#[cfg(test)]
mod tests {
    use super::{of_asff, of_inspector, of_macie, of_ocsf, of_ten};
    use crate::finding::SeverityLabel;
    use crate::sources::node::Node;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn ten(value: &Value) -> u8 {
        of_ten(&Node::root(value)).score
    }

    fn asff(value: Value) -> Option<u8> {
        of_asff(&Node::root(&value)).map(|severity| severity.score)
    }

    #[test]
    fn guardduty_severities() {
        for (value, score) in [
            (json!(8), 80),
            (json!(8.7), 87),
            (json!(6.95), 69),
            (json!("2"), 20),
            (json!("8.0"), 80),
            (json!("HIGH"), 70),
            (json!(10), 100),
            (json!(-1), 0),
            (json!(null), 40),
            (json!({}), 40),
        ] {
            assert_eq!(ten(&value), score, "{value}");
        }
    }

    #[test]
    fn asff_labels_decide_and_normalized_refines() {
        for (value, score) in [
            (json!({"Label": "HIGH"}), Some(70)),
            (json!({"Label": "HIGH", "Normalized": 80}), Some(80)),
            (json!({"Label": "LOW", "Normalized": 40, "Product": 2}), Some(39)),
            (json!({"Label": "INFORMATIONAL", "Normalized": 10}), Some(0)),
            (json!({"Product": 5, "Normalized": 50}), Some(50)),
            (json!({"Product": 0, "Normalized": 6}), Some(6)),
            (json!({"Product": 8.5}), Some(85)),
            (json!({"Original": "CRITICAL"}), Some(90)),
            (json!({}), None),
            (json!("HIGH"), Some(70)),
        ] {
            assert_eq!(asff(value.clone()), score, "{value}");
        }
    }

    #[test]
    fn ocsf_ids_decide_over_captions() {
        let score = |id: Value, caption: Value| of_ocsf(&Node::root(&id), &Node::root(&caption)).score;
        assert_eq!(score(json!(3), json!("High")), 40);
        assert_eq!(score(json!(null), json!("High")), 70);
        assert_eq!(score(json!(6), json!(null)), 100);
        assert_eq!(score(json!(99), json!("strange")), 40);
    }

    #[test]
    fn macie_names_or_numbers_three_levels() {
        for (value, score) in [
            (json!({"score": 1, "description": "Low"}), 1),
            (json!({"score": 3, "description": "High"}), 70),
            (json!({"score": 2}), 40),
            (json!({"score": "3"}), 70),
            (json!({"score": 9}), 40),
            (json!("HIGH"), 70),
            (json!(null), 40),
        ] {
            assert_eq!(of_macie(&Node::root(&value)).score, score, "{value}");
        }
    }

    #[test]
    fn a_cvss_score_places_the_severity_within_its_label() {
        for (word, cvss, score) in [
            ("HIGH", json!(7.5), 75),
            ("CRITICAL", json!(7.5), 90),
            ("LOW", json!(null), 1),
            ("INFORMATIONAL", json!(2.0), 0),
            ("UNTRIAGED", json!(9.8), 98),
            ("UNTRIAGED", json!(null), 40),
        ] {
            let word = json!(word);
            assert_eq!(of_inspector(&Node::root(&word), &Node::root(&cvss)).score, score, "{word}");
        }
    }

    proptest! {
        #[test]
        fn a_worse_severity_never_scores_lower(left in 0.0..12.0_f64, right in 0.0..12.0_f64) {
            let (lower, higher) = if left <= right { (left, right) } else { (right, left) };
            prop_assert!(ten(&json!(lower)) <= ten(&json!(higher)));
        }

        #[test]
        fn a_worse_normalized_score_never_scores_lower_within_a_label(left in 0..=100_u8, right in 0..=100_u8) {
            for label in ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"] {
                let score = |normalized: u8| asff(json!({"Label": label, "Normalized": normalized}));
                prop_assert!(score(left.min(right)) <= score(left.max(right)));
            }
        }

        #[test]
        fn guardduty_labels_begin_where_its_guide_says(severity in 1.0..10.0_f64) {
            let label = of_ten(&Node::root(&json!(severity))).label;
            let expected = match severity {
                low if low < 4.0 - 1e-6 => SeverityLabel::Low,
                medium if (4.0..7.0 - 1e-6).contains(&medium) => SeverityLabel::Medium,
                high if (7.0..9.0 - 1e-6).contains(&high) => SeverityLabel::High,
                critical if critical >= 9.0 => SeverityLabel::Critical,
                _ => label,
            };
            prop_assert_eq!(label, expected);
        }
    }
}
