//! A scope in words, as the person reads it who signs it.

use super::Scope;
use super::rule::{Rule, TypePattern};
use std::fmt::{self, Display, Formatter};

impl Display for Scope {
    /// One sentence a line.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Some(period) = self.period else { return write!(out, "Only the built-in rules suppress.") };
        writeln!(out, "Counts from {} until {}.", period.issued_at, period.valid_until)?;
        let listed = |list: &[String], all: &str| if list.is_empty() { all.to_owned() } else { either(list) };
        writeln!(out, "Acts on findings of account: {}.", listed(&self.accounts, "any"))?;
        writeln!(out, "Acts on findings of region: {}.", listed(&self.regions, "any"))?;
        if !self.shared_addresses.is_empty() {
            writeln!(out, "Ties no findings together by an address of {}.", either(&self.shared_addresses))?;
        }
        write!(out, "Rules: {}.", self.rules.len())?;
        self.rules.iter().try_for_each(|rule| write!(out, "\n{rule}"))
    }
}

impl Display for Rule {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let conditions = [
            said("the account is", &self.accounts),
            said("the region is", &self.regions),
            said("the source is", &self.sources),
            said("the type is", &self.types),
            said("every address is of", &self.addresses),
            said("it names", &self.entities),
            said("its title or the id of what it names has", &self.markers),
            self.severity_below.map(|limit| format!("the severity is below {limit}")),
        ];
        let conditions: Vec<String> = conditions.into_iter().flatten().collect();
        write!(out, "`{}` suppresses a finding if {}", self.id, conditions.join(", and "))?;
        if let Some(until) = self.until {
            write!(out, ", until {until}")?;
        }
        write!(out, ". Reason: {}", self.reason)
    }
}

impl Display for TypePattern {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(kind) => out.write_str(kind),
            Self::Prefix(prefix) => write!(out, "{prefix}*"),
        }
    }
}

fn said<T: Display>(condition: &str, list: &[T]) -> Option<String> {
    (!list.is_empty()).then(|| format!("{condition} {}", either(list)))
}

fn either<T: Display>(list: &[T]) -> String {
    list.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(" or ")
}
