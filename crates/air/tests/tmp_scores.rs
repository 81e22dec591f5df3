//! tmp
use vouch_air::testkit::campaigns;
#[test]
fn scores() {
    let mut all = [0usize; 5];
    let mut c = vouch_air::testkit::mutate::Count::default();
    let mut kills = 0; let mut sets = 0; let mut singles = [0usize;2];
    for mut campaign in campaigns() {
        let (report, score) = campaign.run();
        println!("{:10} constraints {:3} questions {:2} needed {:3} groups {:2} implied {} kills {} sets {} complaints {:?}", campaign.table.name(), score.constraints, score.questions, score.needed, score.in_groups, score.implied, report.kills.iter().count(), report.kills.sets().len(), report.complaints);
        for (a, b) in all.iter_mut().zip([score.constraints, score.questions, score.needed, score.in_groups, score.implied]) { *a += b; }
        c += report.count; kills += report.kills.iter().count(); sets += report.kills.sets().len();
        for set in report.kills.sets() { if let [r] = set { match r { vouch_air::testkit::kills::Rule::Constraint(_) => singles[0] += 1, _ => singles[1] += 1 } } }
        // needed only for uniqueness
        use std::collections::BTreeMap;
        use vouch_air::testkit::kills::{Harm, Rule};
        let mut by: BTreeMap<Rule, bool> = BTreeMap::new();
        for k in report.kills.iter() { if let [r] = k.rules()[..] { *by.entry(r).or_default() |= k.harm != Harm::Survives; } }
        let only: Vec<_> = by.iter().filter(|(_, t)| !**t).map(|(r, _)| *r).collect();
        if !only.is_empty() { println!("      only uniqueness: {only:?}"); }
        for s in &campaign.spare { println!("      {:?} implied {}: {}", s.rules, s.is_implied, s.reason); }
    }
    println!("{all:?} {c:?} kills {kills} sets {sets} needed: constraints, questions {singles:?}");
}
