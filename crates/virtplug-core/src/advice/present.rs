//! What the devices of a host show of the rules.

use std::collections::{BTreeMap, BTreeSet};

use super::term::Term;
use super::{Advice, Findings, NamedRule};
use crate::device::Device;
use crate::fact::Fact;
use crate::matcher::Topology;
use crate::policy::{Claim, Policy};
use crate::rule::{Owner, Rule, Specificity};
use crate::text::RawText;

impl From<&Claim> for NamedRule {
    fn from(claim: &Claim) -> Self {
        Self {
            number: claim.number,
            rule: claim.rule.clone(),
        }
    }
}

/// Adds what each device shows, in their order, then what several show together.
pub(super) fn look<'a>(
    policy: &Policy,
    devices: impl IntoIterator<Item = &'a Device>,
    around: &dyn Topology,
    findings: &mut Findings,
) {
    let mut by_serial: BTreeMap<(usize, &RawText), (NamedRule, Vec<&Device>)> = BTreeMap::new();
    for device in devices {
        let mut claims = policy.claims(device, around);
        claims.retain(|claim| claim.certain);
        if device.is_hub() {
            findings.list_hub(device, &claims);
            continue;
        }
        findings.list_conflict(device, &claims);
        findings.list_unnumbered(device, &claims);
        if let Some(Some(serial)) = device.serial.known() {
            for claim in claims.iter().filter(|claim| relies_on_serial(&claim.rule)) {
                let entry = by_serial.entry((claim.number, serial));
                let (_, same) = entry.or_insert_with(|| (claim.into(), Vec::new()));
                same.push(device);
            }
        }
    }
    for ((_, serial), (rule, same)) in by_serial {
        if same.len() < 2 {
            continue;
        }
        let ids: BTreeSet<_> = same.iter().map(|one| (one.vendor, one.product)).collect();
        findings.add(Advice::SharedSerial {
            rule,
            serial: serial.clone(),
            ports: same.iter().map(|one| one.port.clone()).collect(),
            ids_differ: ids.len() > 1,
        });
    }
}

/// Whether a rule means one device, which it tells by its serial number.
fn relies_on_serial(rule: &Rule) -> bool {
    let exact = |term: &Term<'_>| {
        let mut serials = term.each(|part| part.serial.as_ref());
        serials.any(|wanted| wanted.iter().any(|one| one.exact().is_some()))
    };
    let terms = Term::all_of(&rule.matcher);
    rule.options.count.is_none() && terms.iter().any(exact)
}

impl Findings {
    fn list_hub(&mut self, hub: &Device, claims: &[Claim]) {
        let Some(claim) = claims.first() else {
            return;
        };
        // A rule by class or by pattern may match a hub in passing.
        let named = claim.rank.specificity > Specificity::Rest;
        if claim.rule.owner != Owner::Host && named {
            self.add(Advice::Hub {
                rule: claim.into(),
                port: hub.port.clone(),
                by_port: claim.rank.specificity >= Specificity::Port,
            });
        }
    }

    fn list_conflict(&mut self, device: &Device, claims: &[Claim]) {
        let Some(strongest) = claims.chunk_by(|one, other| one.rank == other.rank).next() else {
            return;
        };
        let owners: BTreeSet<&Owner> = strongest.iter().map(|claim| &claim.rule.owner).collect();
        let pools = strongest
            .iter()
            .all(|claim| claim.rule.options.count.is_some());
        let [first, others @ ..] = strongest else {
            return;
        };
        if owners.len() > 1 && !pools {
            self.add(Advice::Conflict {
                port: device.port.clone(),
                first: first.into(),
                others: others.iter().map(NamedRule::from).collect(),
            });
        }
    }

    fn list_unnumbered(&mut self, device: &Device, claims: &[Claim]) {
        let Some(claim) = claims.first() else {
            return;
        };
        let by_product = claim.rank.specificity == Specificity::Product;
        let alone = claim.rule.options.count.is_none() && claim.rule.owner != Owner::Host;
        if device.serial == Fact::Known(None) && by_product && alone {
            self.add(Advice::NoSerial {
                rule: claim.into(),
                port: device.port.clone(),
                stable: device.stable_port().known().cloned().flatten(),
            });
        }
    }
}
