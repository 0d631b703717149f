//! How findings are joined by what they name: a drawing, and the same as a table for those who do not see it.

use crate::views::text::{cut, words};
use incident::finding::Located;
use incident::records::FindingRecord;

/// How many findings and entities are drawn. More is a tangle; the table has all entities that join findings.
const MOST_DRAWN: (usize, usize) = (14, 20);

/// How many entities the table lists.
const MOST_LISTED: usize = 200;

/// The distance of two rows in the drawing, in its own units.
const ROW: usize = 44;

/// How many letters fit into a box.
const LETTERS: usize = 34;

/// The drawing and its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// How high the drawing is.
    pub height: usize,
    /// The findings, on the left.
    pub findings: Vec<Node>,
    /// What they name, on the right; what joins most of them first.
    pub entities: Vec<Node>,
    /// Which finding names what.
    pub edges: Vec<Edge>,
    /// Everything that is named, with the findings that do.
    pub rows: Vec<Row>,
    /// How many findings and entities are not drawn.
    pub left_out: (usize, usize),
    /// What the drawing shows, in a sentence.
    pub summary: String,
}

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its middle, from the top.
    pub y: usize,
    /// What stands in it.
    pub label: String,
    /// What stands under that.
    pub detail: String,
    /// Whether several findings name it.
    pub joins: bool,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it begins, from the top.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// Whether it leads to what several findings name.
    pub joins: bool,
}

/// An entity and the findings that name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Where it lies.
    pub place: String,
    /// The numbers of the findings, in order.
    pub named_by: Vec<usize>,
}

impl Row {
    /// Whether it joins findings.
    pub fn joins(&self) -> bool {
        self.named_by.len() > 1
    }
}

impl Graph {
    /// The graph of these findings, which are numbered from 1.
    pub(super) fn of(findings: &[FindingRecord]) -> Self {
        let mut named: Vec<(Located, Vec<usize>)> = Vec::new();
        for (place, record) in findings.iter().enumerate() {
            for found in record.finding.located() {
                match named.iter_mut().find(|(known, _)| known.is_same(&found)) {
                    Some((_, by)) if by.last() == Some(&(place + 1)) => {}
                    Some((_, by)) => by.push(place + 1),
                    None => named.push((found, vec![place + 1])),
                }
            }
        }
        // What joins most comes first; of the same, in the order of the findings, which keeps lines short.
        named.sort_by(|(one, by), (other, others)| {
            others.len().cmp(&by.len()).then_with(|| by.cmp(others)).then_with(|| one.cmp(other))
        });
        let rows: Vec<Row> = named.iter().map(|(found, by)| row(found, by)).collect();
        let (left, right) = (findings.len().min(MOST_DRAWN.0), rows.len().min(MOST_DRAWN.1));
        let height = left.max(right).max(1) * ROW;
        let at = |place: usize, of: usize| (2 * place + 1) * height / (2 * of.max(1));
        let mut edges = Vec::new();
        for (place, row) in rows.iter().take(right).enumerate() {
            for number in row.named_by.iter().filter(|number| **number <= left) {
                edges.push(Edge { from: at(number - 1, left), to: at(place, right), joins: row.joins() });
            }
        }
        let joining = rows.iter().filter(|row| row.joins()).count();
        let finding = |(place, record): (usize, &FindingRecord)| Node {
            y: at(place, left),
            label: cut(&format!("{}  {}", place + 1, record.finding.title), LETTERS),
            detail: cut(&record.finding.source, LETTERS),
            joins: false,
        };
        let entity = |(place, row): (usize, &Row)| Node {
            y: at(place, right),
            label: cut(&row.id, LETTERS),
            detail: cut(&row.kind, LETTERS),
            joins: row.joins(),
        };
        Self {
            height,
            findings: findings.iter().take(left).enumerate().map(finding).collect(),
            entities: rows.iter().take(right).enumerate().map(entity).collect(),
            edges,
            left_out: (findings.len() - left, rows.len() - right),
            summary: format!(
                "{} findings name {} things; {joining} of those are named by more than one.",
                findings.len(),
                rows.len()
            ),
            rows: rows.into_iter().take(MOST_LISTED).collect(),
        }
    }
}

fn row(found: &Located, by: &[usize]) -> Row {
    let region = found.region.as_deref().unwrap_or("any region");
    Row {
        kind: words(&found.entity.kind),
        id: found.entity.id.clone(),
        place: format!("{}, {region}", found.account),
        named_by: by.to_vec(),
    }
}
