//! Which findings are about one incident: those that share a tie within the window, directly or through others.
//!
//! The relation is symmetric and says nothing about arrival, so the incidents that findings add up to are the connected
//! components of a graph, whatever order the findings come in.

use crate::Digest;
use crate::finding::{Category, Entity, EntityKind, Finding, Located, Reach};
use crate::record::{Incident, IncidentId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far back a finding reaches at most: detectors go on updating a finding for months.
const LONGEST_SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How many separate times a tie remembers, the latest ones.
const MOST_CLUSTERS: usize = 32;

/// From when to when a finding says that something went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first activity.
    pub from: Timestamp,
    /// The last activity, or the receipt of the finding, whichever is later.
    pub to: Timestamp,
}

impl Span {
    /// The span of a finding that was first received at `received`. What its source says of the future is not believed.
    pub fn of(finding: &Finding, received: Timestamp) -> Self {
        let earliest = received.saturating_sub(LONGEST_SPAN).unwrap_or(received);
        let first = finding.first_seen.or(finding.last_seen).unwrap_or(received);
        Self { from: first.clamp(earliest, received), to: received }
    }
}

/// When something that ties findings together was seen, and in which incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings {
    /// Times that lie further apart than the window, in order.
    clusters: Vec<Cluster>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cluster {
    incident: IncidentId,
    from: Timestamp,
    to: Timestamp,
}

impl Cluster {
    fn is_near(&self, span: Span, window: SignedDuration) -> bool {
        span.from.duration_since(self.to) <= window && self.from.duration_since(span.to) <= window
    }
}

impl Sightings {
    /// The incidents that a finding of this span is about, too.
    pub fn near(&self, span: Span, window: SignedDuration) -> impl Iterator<Item = &IncidentId> {
        self.clusters.iter().filter(move |cluster| cluster.is_near(span, window)).map(|cluster| &cluster.incident)
    }

    /// Adds a finding of this span, which is now about `incident`, and so is everything near it; answers whether that
    /// changed anything.
    pub fn add(&mut self, span: Span, window: SignedDuration, incident: &IncidentId) -> bool {
        let before = self.clusters.clone();
        let mut joined = Cluster { incident: incident.clone(), from: span.from, to: span.to };
        self.clusters.retain(|cluster| {
            let is_near = cluster.is_near(span, window);
            if is_near {
                joined.from = joined.from.min(cluster.from);
                joined.to = joined.to.max(cluster.to);
            }
            !is_near
        });
        self.clusters.push(joined);
        self.clusters.sort_by_key(|cluster| cluster.from);
        let surplus = self.clusters.len().saturating_sub(MOST_CLUSTERS);
        self.clusters.drain(..surplus);
        self.clusters != before
    }
}

/// The names of what ties this finding to others. `is_shared` knows the addresses that strangers share with the
/// organisation: its own egress, its scanners.
pub fn ties(finding: &Finding, is_shared: impl Fn(&Entity) -> bool) -> Vec<Digest> {
    let tying = finding.located().filter(|Located { entity, .. }| {
        if entity.kind == EntityKind::Address {
            names_attacker(finding.category, entity, &is_shared)
        } else {
            is_tie(entity.kind) && !is_everybodys(entity)
        }
    });
    let mut ties: Vec<Digest> = tying.map(|found| name(&found)).collect();
    ties.sort();
    ties.dedup();
    ties
}

/// Whether two findings that name a thing of this kind are about one incident.
fn is_tie(kind: EntityKind) -> bool {
    use EntityKind as Kind;
    match kind {
        Kind::Instance
        | Kind::NetworkInterface
        | Kind::Volume
        | Kind::Snapshot
        | Kind::InstanceProfile
        | Kind::Role
        | Kind::Session
        | Kind::AccessKey
        | Kind::User
        | Kind::RootUser
        | Kind::Bucket
        | Kind::Function
        | Kind::Database
        | Kind::Table
        | Kind::Cluster
        | Kind::Pod
        | Kind::Task
        | Kind::Container
        | Kind::Endpoint
        | Kind::Model
        | Kind::Notebook
        | Kind::TrainingJob
        | Kind::Secret
        | Kind::Trail
        | Kind::LogGroup
        | Kind::WebAcl
        | Kind::UserPool
        | Kind::PoolUser
        | Kind::IdentityUser
        | Kind::Node
        | Kind::Detector
        | Kind::Recorder
        | Kind::InvocationLog => true,
        // An object lies in a bucket, which ties. The others are shared by what has nothing to do with one another: one
        // key encrypts many buckets.
        Kind::Object
        | Kind::Key
        | Kind::Image
        | Kind::SecurityGroup
        | Kind::Subnet
        | Kind::Address
        | Kind::Domain
        | Kind::Account
        | Kind::Other => false,
    }
}

/// Whether everybody uses it: through a service-linked role AWS itself acts, and a foundation model is Bedrock's.
fn is_everybodys(entity: &Entity) -> bool {
    let is_of_bedrock = || entity.arn.as_ref().is_none_or(|arn| arn.contains("::foundation-model/"));
    entity.kind == EntityKind::Role && entity.id.starts_with("AWSServiceRoleFor")
        || entity.kind == EntityKind::Model && is_of_bedrock()
}

/// Whether an address is the attacker's. Everybody is scanned and flooded by the same strangers, and an address of a
/// private network is somebody else's in every network.
fn names_attacker(category: Category, entity: &Entity, is_shared: &impl Fn(&Entity) -> bool) -> bool {
    let is_noise = matches!(
        category,
        Category::Reconnaissance | Category::DenialOfService | Category::Misconfiguration | Category::Unclassified
    );
    !is_noise && entity.id.parse().is_ok_and(crate::address::is_public) && !is_shared(entity)
}

/// The name of a tie: the same for everything that [`Located::is_same`].
fn name(found: &Located) -> Digest {
    let kind = format!("{:?}", found.entity.kind);
    let (account, region) = match found.entity.kind.reach() {
        Reach::Global => ("", ""),
        Reach::Account => (found.account.as_str(), ""),
        Reach::Region => (found.account.as_str(), found.region.as_deref().unwrap_or_default()),
    };
    Digest::of_parts(&[&kind, account, region, &found.entity.id])
}

/// What a finding does to the incidents that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The incident that it belongs to: the eldest of those, or a new one.
    pub incident: Incident,
    /// Those that turned out to be part of it.
    pub absorbed: Vec<Incident>,
    /// The execution that responds to what it brings; `None` if it brings nothing new.
    pub starts: Option<String>,
}

impl Placement {
    /// Places a finding that was first received at `received`. `linked` are the open incidents that it is about; `opens` is
    /// the id of the incident that it opens if there are none.
    pub fn of(
        finding: &Finding,
        received: Timestamp,
        mut linked: Vec<Incident>,
        opens: IncidentId,
        home_region: &str,
    ) -> Self {
        linked.sort_by(|one, other| (one.aware_at, &one.id).cmp(&(other.aware_at, &other.id)));
        linked.dedup_by(|later, earlier| later.id == earlier.id);
        let mut linked = linked.into_iter();
        let Some(mut incident) = linked.next() else {
            let mut incident = Incident::open(opens, finding, received, home_region);
            let starts = Some(incident.respond());
            return Self { incident, absorbed: Vec::new(), starts };
        };
        let mut absorbed: Vec<Incident> = linked.collect();
        for younger in &mut absorbed {
            incident.absorb(younger);
        }
        let is_news = incident.join(finding, received) || !absorbed.is_empty();
        let starts = is_news.then(|| incident.respond());
        Self { incident, absorbed, starts }
    }
}
